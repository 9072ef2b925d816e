import { readKeptShards } from '../../citus/lost/kept-shards.js';
import { countShardsByTable } from '../../citus/lost/lost-shards.js';
import { readShardFigures, type ShardFigures } from '../../citus/lost/siblings.js';
import { activeWorkers, readNodes } from '../../citus/nodes/nodes.js';
import { readStreaming } from '../../citus/nodes/standbys.js';
import type { Db } from '../../citus/session/connect.js';
import type { NodeSample, Sample, TableSample } from '../../contract/internal/sample.js';
import { nextSample } from '../../planning/sample.js';

/** Looks at what each worker holds and who streams from it. What a worker that is away held is taken from the last sample. */
export async function takeSample(db: Db, last: Sample | undefined): Promise<Sample> {
  const takenAt = new Date().toISOString();
  const workers = activeWorkers(await readNodes(db));
  const streaming = await readStreaming(
    db,
    workers.map(({ node }) => node),
  );
  const tables = [...(await countShardsByTable(db)).keys()];
  const shards = await readKeptShards(db, tables, [], Number.MAX_SAFE_INTEGER);
  const figures = await readShardFigures(
    db,
    shards.filter(({ node }) => streaming.has(node)),
  );
  const answers = workers.flatMap(({ node, groupId }): NodeSample[] => {
    const own = streaming.get(node);
    if (!own) return [];
    const { systemIdentifier, standbys } = own;
    return [
      {
        node,
        groupId,
        takenAt,
        ...(systemIdentifier !== undefined && { systemIdentifier }),
        standbys: standbys.map(({ host, ...rest }) => ({ ...rest, ...(host !== null && { host }) })),
        tables: byTable(figures.filter((each) => each.node === node)),
      },
    ];
  });
  return nextSample(takenAt, workers, answers, last);
}

function byTable(figures: readonly ShardFigures[]): TableSample[] {
  return [...new Set(figures.map(({ table }) => table))].map((table) => {
    const own = figures.filter((each) => each.table === table);
    const known = own.filter(({ rows }) => rows >= 0);
    return {
      table,
      shards: own.length,
      // Shards of which nothing is known are taken for as large as the others.
      ...(known.length > 0 && { rows: Math.round((sum(known, 'rows') / known.length) * own.length) }),
      bytes: sum(own, 'bytes'),
    };
  });
}

function sum(figures: readonly ShardFigures[], what: 'rows' | 'bytes'): number {
  return figures.reduce((total, each) => total + each[what], 0);
}
