import { findConditions, type Finding, type Findings } from '../../../citus/tables/find-conditions.js';
import { findViolations } from '../../../citus/tables/find-violations.js';
import type { Db } from '../../../citus/session/connect.js';
import type { TransferMode } from '../../../contract/index.js';
import { modeOf } from './group-conditions.js';

/**
 * Everything that hinders moves of shards from these nodes: what the catalog tells, and what rows tell within some seconds.
 *
 * @param shardIds those whose rows are looked at; absent: all
 */
export async function findHindrances(
  db: Db,
  nodes: string[],
  transferMode: TransferMode,
  shardIds?: number[],
): Promise<Findings> {
  const mayBlock = (findings: readonly Finding[]): boolean => modeOf(transferMode, findings) === 'blocking';
  return findViolations(db, await findConditions(db, nodes), nodes, mayBlock, shardIds);
}
