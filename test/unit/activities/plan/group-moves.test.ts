import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  oneRound,
  roundBytes,
  roundOf,
  type GroupMove,
} from '../../../../src/activities/plan/group-moves.js';
import { movesOf, namesOf } from '../../../../src/planning/planned-moves.js';

const bytesOf = (moves: GroupMove[]): number => Buffer.byteLength(JSON.stringify(roundOf(moves)));

interface World {
  moves: number;
  nodes?: number;
  tables?: number;
  firstShard?: number;
  bytes?: number;
  host?: (index: number) => string;
}

function movesIn({
  moves,
  nodes = 110,
  tables = 25,
  firstShard = 1_000_000,
  bytes = 10_000_000,
  host = (index) => `worker-${index}.db.internal:5432`,
}: World): GroupMove[] {
  return Array.from({ length: moves }, (_, index) => ({
    group: {
      colocationId: index % tables,
      shardIds: [firstShard + index, firstShard + moves + index],
      tables: [`table_${index % tables}`, 'another'],
      groupId: index % nodes,
      bytes: bytes + index,
      movable: true,
    },
    from: host(index % nodes),
    to: host((index * 7 + 1) % nodes),
    bytes: bytes + index,
    mode: 'blocking',
  }));
}

test.each([
  ['shards of 10 MB', {}],
  ['a catalog of ten million shards, of 10 GB each', { firstShard: 10_000_000, bytes: 10_000_000_000 }],
])('5,000 moves between 110 nodes are a round: %s', (_, world) => {
  const moves = movesIn({ moves: 6_000, ...world });
  const kept = oneRound(moves, {});
  expect(kept).toEqual(moves.slice(0, 5_000));
  expect(bytesOf(kept)).toBeLessThanOrEqual(roundBytes);
});

test('a round is the first moves of the plan, as many as fit', () =>
  fc.assert(
    fc.property(
      fc.record({
        moves: fc.integer({ min: 1, max: 8_000 }),
        nodes: fc.integer({ min: 1, max: 500 }),
        tables: fc.integer({ min: 1, max: 300 }),
        firstShard: fc.nat({ max: Number.MAX_SAFE_INTEGER - 20_000 }),
        bytes: fc.nat({ max: Number.MAX_SAFE_INTEGER - 20_000 }),
        host: fc.constantFrom(
          (index: number) => `worker-${index}:5432`,
          (index: number) => `${'ü'.repeat(200)}${index}:5432`,
        ),
      }),
      (world) => {
        const moves = movesIn(world);
        const kept = oneRound(moves, {});
        expect(kept).toEqual(moves.slice(0, kept.length));
        expect(bytesOf(kept)).toBeLessThanOrEqual(roundBytes);
        // It isn't cut far below what would fit.
        if (kept.length < Math.min(moves.length, 5_000))
          expect(bytesOf(kept)).toBeGreaterThan(0.9 * roundBytes);
      },
    ),
    { numRuns: 20 },
  ));

test('what travels names the nodes and tables of each move', () => {
  const moves = movesIn({ moves: 40, nodes: 5 });
  const round = roundOf(moves);
  expect(
    movesOf(round).map((move) => ({ ...namesOf(round, move), shard: move.shardId, bytes: move.bytes })),
  ).toEqual(
    moves.map(({ group, from, to, bytes }) => ({
      from,
      to,
      tables: [`${group.tables[0] ?? ''} and 1 more`],
      shard: group.shardIds[0],
      bytes,
    })),
  );
});
