import type { Check } from '../../../contract/index.js';
import { expectedSeconds } from '../../../planning/next-batch.js';
import { formatBytes, formatTables } from '../../../text/figures.js';
import { passed } from '../check.js';

interface GroupMove {
  group: { tables: string[] };
  bytes: number;
}

/** Estimates for how long the users of the cluster wait when shards are moved with their writes blocked. */
export function blockedWrites(transferMode: string, moves: readonly GroupMove[]): Check[] {
  if (transferMode !== 'block_writes' || moves.length === 0) return [];
  const largest = moves.reduce((most, each) => (each.bytes > most.bytes ? each : most));
  const seconds = Math.ceil(expectedSeconds(largest.bytes));
  return [
    passed(
      'blocked-writes',
      `writes to each shard group wait while it moves; about ${seconds} s for the largest (${formatTables(largest.group.tables)}, ${formatBytes(largest.bytes)})`,
    ),
  ];
}
