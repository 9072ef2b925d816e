import type { Db } from '../../../citus/session/connect.js';
import { readSmallSequences } from '../../../citus/tables/sequences.js';
import type { Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';

/** Tells whoever would write through a new worker what can't be: it is so on all workers, and easily forgotten. */
export async function workerSequences(db: Db): Promise<Check> {
  const columns = await readSmallSequences(db);
  return columns.length === 0
    ? passed('worker-sequences', 'rows can be inserted through any worker: all sequences are bigint')
    : failed(
        'worker-sequences',
        `through a worker, the new ones too, inserts fail that leave the number to: ${listOf(columns.map(({ table, column, type }) => `${table}.${column} (${type})`))}`,
        'write to these tables through the coordinator, or make them anew with bigint columns (bigserial)',
      );
}
