import { addressSql } from '../session/address-sql.js';
import type { Db } from '../session/db.js';

/** The next copy of reference tables that is to be made. */
export interface ReferenceRoute {
  from: string;
  to: string[];
  /** Whether another follows it. */
  isPartial: boolean;
  statement: { text: string; params: unknown[] };
}

interface Row {
  node: string;
  nodeId: number;
  lacks: boolean;
  isolated: boolean;
}

/**
 * Copies every reference table to each node that lacks it; a node must hold them before its first shard. Without a
 * cast: naming the type takes USAGE on Citus's schema, which only superusers have.
 */
export function copyAll(transferMode: string): ReferenceRoute['statement'] {
  return { text: 'select replicate_reference_tables($1)', params: [transferMode] };
}

/** All reference tables are colocated, so one of their shards takes the others along. To several nodes at once it hangs. */
const copyToOne = `select citus_copy_shard_placement((select min(s.shardid) from pg_dist_shard s join pg_dist_partition t using (logicalrelid)
    where t.partmethod = 'n' and t.repmodel = 't'), $1::int, $2::int, $3)`;

/**
 * Reads where reference tables are copied from and to. Citus takes the first by name and port of those that have them
 * (13.2, `ActiveShardPlacementList`), which need not be the coordinator, and copies to all that lack them. Where an
 * isolated worker is among these, which may be dead, the others get theirs one by one.
 */
export async function readReferenceRoute(db: Db, transferMode: string): Promise<ReferenceRoute | undefined> {
  const rows = await db.query<Row>(
    `select ${addressSql('n')} as node, n.nodeid as "nodeId", n.groupid <> 0 and not n.hasmetadata as isolated,
            exists (select from pg_dist_shard s join pg_dist_partition t using (logicalrelid)
                     where t.partmethod = 'n' and t.repmodel = 't' and not exists
                           (select from pg_dist_placement p where p.shardid = s.shardid and p.groupid = n.groupid)) as lacks
       from pg_dist_node n where n.noderole = 'primary' and n.isactive order by n.nodename collate "C", n.nodeport`,
  );
  const first = rows.find(({ lacks }) => !lacks);
  const from = rows.find(({ lacks, isolated }) => !lacks && !isolated);
  const to = rows.filter(({ lacks, isolated }) => lacks && !isolated);
  const [next, ...others] = to;
  if (!from || !next) return undefined;
  if (first === from && !rows.some(({ lacks, isolated }) => lacks && isolated))
    return {
      from: from.node,
      to: to.map(({ node }) => node),
      isPartial: false,
      statement: copyAll(transferMode),
    };
  return {
    from: from.node,
    to: [next.node],
    isPartial: others.length > 0,
    statement: { text: copyToOne, params: [from.nodeId, next.nodeId, transferMode] },
  };
}
