import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflows } from '../../src/worker.js';

/** The workflows, bundled once for all workers of a run. */
export async function writeBundle(folder: string): Promise<string> {
  const { code } = await bundleWorkflows();
  const file = join(folder, 'workflows.js');
  writeFileSync(file, code);
  return file;
}
