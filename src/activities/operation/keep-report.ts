import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OperationReport } from '../../contract/index.js';
import type { ActivityContext } from '../runtime/context.js';

/** The activities of {@link reportActivities}, as workflows call them. */
export type ReportActivities = ReturnType<typeof reportActivities>;

/** The activity that keeps final reports. */
export function reportActivities(context: ActivityContext) {
  return {
    /** Keeps a final report as `<reports>/<operation>.json`, since Temporal's retention ends. */
    keepReport: async ({ report }: { report: OperationReport }): Promise<void> => {
      const { config } = context;
      if (config.reports === undefined) return;
      await mkdir(config.reports, { recursive: true });
      const file = join(config.reports, `${report.operation.replace(/[^A-Za-z0-9_.-]+/g, '_')}.json`);
      // Whole or not at all: whoever reads the folder never sees half a report.
      await writeFile(`${file}.part`, `${JSON.stringify(report, null, 2)}\n`);
      await rename(`${file}.part`, file);
    },
  };
}
