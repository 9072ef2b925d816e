import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A record in a cluster's folder, by which a later process finds the Temporal server that goes with it. */
export interface StackRecord {
  temporalAddress: string;
  temporalFolder: string;
}

const recordFile = 'stack.json';

/** Writes the record. */
export function recordStack(folder: string, record: StackRecord): void {
  writeFileSync(join(folder, recordFile), JSON.stringify(record));
}

/** Undefined for a folder that is no cluster's of a stack. */
export function recordedStack(folder: string): StackRecord | undefined {
  const file = join(folder, recordFile);
  if (!existsSync(file)) return undefined;
  const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const { temporalAddress, temporalFolder } = Object(record) as Partial<StackRecord>;
  return temporalAddress === undefined || temporalFolder === undefined
    ? undefined
    : { temporalAddress, temporalFolder };
}
