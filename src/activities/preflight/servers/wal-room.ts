import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { Conditions } from '../../../citus/nodes/conditions.js';
import { expectedSeconds } from '../../../planning/next-batch.js';
import type { Check } from '../../../contract/index.js';
import { formatBytes } from '../../../text/figures.js';
import { failed, passed } from '../check.js';
import { sayByNodes, setOnNodes, type OnNode } from '../on-nodes.js';

/** Times that a node may write more than in the mean: copies are made at night, and not only then. */
const margin = 3;

/**
 * Checks that a source can keep the WAL that it writes while its largest shard group is copied. With less
 * (`max_slot_wal_keep_size`) the slot is lost, and the move never catches up; without a limit the disk fills.
 */
export function walRoom(
  conditions: readonly Conditions[],
  capacities: readonly NodeCapacity[],
  largestBytes: number,
): Check {
  const seconds = expectedSeconds(largestBytes);
  const short = conditions.flatMap(({ node, keptWalBytes, walBytesPerSecond }) => {
    // Whoever copies that much is written to meanwhile: as much again is no rarity, whatever the mean says.
    const expected = Math.max(largestBytes, margin * walBytesPerSecond * seconds);
    const capacity = capacities.find((each) => each.node === node);
    const free = capacity && 'capacity' in capacity ? capacity.capacity.diskAvailable : null;
    const what = `up to ${formatBytes(expected)} of WAL may be written while the largest shard group (${formatBytes(largestBytes)}) is copied`;
    return [
      ...(keptWalBytes !== null && keptWalBytes < expected
        ? [
            {
              node,
              what: `max_slot_wal_keep_size = ${formatBytes(keptWalBytes)}, and ${what}: the slot of a move would be lost`,
            },
          ]
        : []),
      ...(free !== null && free < expected
        ? [{ node, what: `${formatBytes(free)} of disk free, and ${what}` }]
        : []),
    ];
  });
  return short.length === 0
    ? passed('wal-room', 'each node can keep the WAL that is written while its largest shard group is copied')
    : failed(
        'wal-room',
        sayByNodes(short),
        `${keepMore(short.filter(({ what }) => what.startsWith('max_slot')))}add disk space, or move while little is written`,
      );
}

function keepMore(all: readonly OnNode[]): string {
  const what = 'ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf();';
  return all.length === 0
    ? ''
    : `let slots keep more for as long as shards move, ${setOnNodes(all.map(({ node }) => ({ node, what })))} or `;
}
