import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../session/db.js';
import { askEach } from './ask-each.js';
import { runOnNodes } from './node-settings.js';

/** A node's copy of the metadata, as short texts that are the same when the copies are. */
interface Digests {
  nodes: string | null;
  /** Of tables that Citus tells all nodes of; null: it knows none. */
  placements: string | null;
}

const digest = (rows: string): string =>
  `(SELECT encode(sha256(convert_to(string_agg(row, ',' ORDER BY row), 'UTF8')), 'hex') FROM (${rows}) r)`;

const digestsQuery = `SELECT json_build_object(
  'nodes', ${digest(`SELECT concat_ws(':', nodeid, groupid, nodename, nodeport, noderole) AS row FROM pg_catalog.pg_dist_node`)},
  'placements', ${digest(`
    SELECT concat(p.shardid, ':', p.groupid) AS row FROM pg_catalog.pg_dist_placement p
      JOIN pg_catalog.pg_dist_shard s USING (shardid) JOIN pg_catalog.pg_dist_partition t USING (logicalrelid)
     WHERE t.partmethod IN ('h', 'n') AND t.repmodel <> 'c' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = t.logicalrelid AND d.deptype = 'e')`)})::text AS digests`;

/** Milliseconds between two looks: what is changed just now arrives everywhere at once, but not at the look. */
const secondLookMs = 500;

/**
 * Those of these nodes whose copy of the metadata isn't the coordinator's, though Citus takes it to be: a worker that was
 * restored, or failed over to a standby that lagged behind, doesn't know that it has forgotten something.
 *
 * @param nodes those that answer, and that Citus has synced
 */
export async function readStale(db: Db, nodes: string[]): Promise<string[]> {
  const suspects = await readOthers(db, nodes);
  if (suspects.length === 0) return [];
  await sleep(secondLookMs);
  return readOthers(db, suspects);
}

async function readOthers(db: Db, nodes: string[]): Promise<string[]> {
  const answers = await askEach(db, nodes, 15, (some) =>
    runOnNodes(
      db,
      some.map((node) => ({ node, command: digestsQuery })),
    ),
  );
  const [own] = await db.query<{ digests: string }>(digestsQuery);
  if (!own) return [];
  const ours = JSON.parse(own.digests) as Digests;
  return answers.flatMap((each) =>
    'success' in each && each.success && differ(JSON.parse(each.result) as Digests, ours) ? [each.node] : [],
  );
}

function differ(one: Digests, other: Digests): boolean {
  return one.nodes !== other.nodes || (one.placements !== null && one.placements !== other.placements);
}
