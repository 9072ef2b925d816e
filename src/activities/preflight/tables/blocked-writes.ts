import type { Finding } from '../../../citus/tables/find-conditions.js';
import type { Check, MoveMode, TransferMode } from '../../../contract/index.js';
import { stallSeconds } from '../../../planning/transfer-mode.js';
import { formatBytes, formatTables } from '../../../text/figures.js';
import { failed, passed } from '../check.js';
import { namesOf } from './table-checks.js';

interface BlockingMove {
  group: { tables: string[] };
  bytes: number;
  mode: MoveMode;
}

/**
 * Tells how long the users of the cluster wait for shards that move with their writes blocked. With `auto` nobody has
 * asked for that: unless the request accepts this check, the plan waits for a person's approval.
 *
 * @param why what keeps these moves, and the copy of reference tables, from going on online
 */
export function blockedWrites(
  { transferMode, input }: { transferMode: TransferMode; input: { acceptChecks?: string[] | undefined } },
  moves: readonly BlockingMove[],
  why: readonly Finding[] = [],
): Check[] {
  const blocking = moves.filter(({ mode }) => mode === 'blocking');
  if (blocking.length === 0 && why.length === 0) return [];
  const waits = `writes to each shard group wait while it moves${longest(blocking)}`;
  if (transferMode !== 'auto') return [passed('blocked-writes', waits)];
  const evidence = `${blocking.length > 0 ? waits : 'writes to reference tables wait while they are copied'}: these can't move online: ${namesOf(why)}`;
  return input.acceptChecks?.includes('blocked-writes') === true
    ? [passed('blocked-writes', `${evidence} (accepted by the request)`)]
    : [
        failed(
          'blocked-writes',
          evidence,
          'approve the plan if their writes may wait; mend what the evidence names and start again if not; to do without the approval, move everything with block_writes, or accept this check with a reason',
        ),
      ];
}

function longest(moves: readonly BlockingMove[]): string {
  const [first, ...others] = moves;
  if (!first) return '';
  const { group, bytes } = others.reduce((most, each) => (each.bytes > most.bytes ? each : most), first);
  return `; about ${stallSeconds(bytes)} s for the largest (${formatTables(group.tables)}, ${formatBytes(bytes)})`;
}
