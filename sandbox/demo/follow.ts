import { createPatience, type OperationHandle } from '../../src/client/index.js';
import type { View } from '../../src/cli/follow/view.js';
import type { Io } from '../../src/cli/io.js';
import { renderReport } from '../../src/cli/render/report.js';

/** The CLI's own live progress, and at the end its report. Here nobody may detach: all ends with this process. */
export async function followDemo(operation: OperationHandle, io: Io, view: View): Promise<void> {
  try {
    for await (const status of operation.watch({ patience: createPatience({ away: view.away }) })) {
      view.show(status);
      if (status.state !== 'done') continue;
      view.end('clear');
      io.answer(renderReport(status, io.paint, io.columns));
    }
  } catch (error) {
    view.end('keep');
    io.warn(error instanceof Error ? error.message : String(error));
  }
}
