import type { OperationStatus } from '../../contract/index.js';
import type { Io } from '../io.js';
import { changes } from '../render/changes.js';
import { renderStatus } from '../render/status.js';

/** How an operation is shown while it is followed. */
export interface View {
  show: (status: OperationStatus) => void;
  /** Leaves what is drawn and makes room for a question. */
  pause: () => void;
  /** Ends, with what is drawn left standing or taken away. */
  end: (how: 'keep' | 'clear') => void;
}

export async function createView(io: Io): Promise<View> {
  if (io.quiet) return { show: () => undefined, pause: () => undefined, end: () => undefined };
  return io.live ? liveView(io) : lineView(io);
}

/** Draws over itself; the seconds go on between two looks. */
async function liveView(io: Io): Promise<View> {
  const { createLogUpdate } = await import('log-update');
  const draw = createLogUpdate(process.stderr);
  let shown: OperationStatus | undefined;
  const redraw = (): void => {
    if (shown) draw(`${renderStatus(shown, io.paintError, io.columns, Date.now())}\n`);
  };
  const timer = setInterval(redraw, 500);
  timer.unref();
  return {
    show: (status) => {
      shown = status;
      redraw();
    },
    pause: () => {
      shown = undefined;
      draw.clear();
      draw.done();
    },
    end: (how) => {
      clearInterval(timer);
      if (how === 'clear') draw.clear();
      draw.done();
    },
  };
}

/** A line a change, with the time, for logs. */
function lineView(io: Io): View {
  let before: OperationStatus | undefined;
  return {
    show: (status) => {
      const time = new Date().toISOString().slice(11, 19);
      for (const line of changes(before, status)) io.tell(`${time} ${line}`);
      before = status;
    },
    pause: () => undefined,
    end: () => undefined,
  };
}
