import type { Db } from '../session/db.js';
import { runOnNodes } from './node-settings.js';

/** A server that streams from a node. */
export interface StreamingStandby {
  name: string;
  host: string | null;
  behindBytes: number;
}

/** A node's server: its identifier, and who streams from it. */
export interface Streaming {
  systemIdentifier?: string;
  standbys: StreamingStandby[];
}

/** Logical replication, which moves use, comes from the same view. */
const standbys = `SELECT coalesce(json_agg(json_build_object('name', r.application_name, 'host', host(r.client_addr),
    'behindBytes', greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)))), '[]')::text
  FROM pg_stat_replication r WHERE r.state = 'streaming'
   AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')`;

/** Who streams from each of these nodes. Nodes that don't answer are not in the answer. Without pg_monitor nobody is seen. */
export async function readStreaming(db: Db, nodes: readonly string[]): Promise<Map<string, Streaming>> {
  const ask = (command: string) =>
    runOnNodes(
      db,
      nodes.map((node) => ({ node, command })),
    );
  const identifiers = new Map(
    (await ask('SELECT system_identifier::text FROM pg_catalog.pg_control_system()')).map((answer) => [
      answer.node,
      answer,
    ]),
  );
  return new Map(
    (await ask(standbys)).flatMap(({ node, success, result }): [string, Streaming][] => {
      if (!success) return [];
      const own = identifiers.get(node);
      return [
        [
          node,
          {
            ...(own?.success && { systemIdentifier: own.result }),
            standbys: JSON.parse(result) as StreamingStandby[],
          },
        ],
      ];
    }),
  );
}
