import { readNodeSetting, setNodeSetting } from '../../citus/nodes/node-settings.js';
import { standbysOf, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/db.js';
import { temporary } from '../settings/temporary.js';
import type { Finding } from './finding.js';

/**
 * Finds settings that an operation lowered and could not give back. Ask only while no operation holds the cluster's
 * lock: its keeper gives them back by itself. Nobody knows then what the owner had. Standbys are asked too: one may have been
 * the primary when it was lowered, or be a copy that was made meanwhile.
 *
 * @param answering addresses of those that answer
 */
export async function findTemporarySettings(
  db: Db,
  nodes: readonly ClusterNode[],
  answering: string[],
): Promise<Finding[]> {
  const { name, during } = temporary;
  const settings = await readNodeSetting(db, [...answering, ...standbysOf(nodes, answering)], name);
  return settings.flatMap((each) =>
    'error' in each || each.ownerValue !== during
      ? []
      : [
          {
            kind: 'setting' as const,
            node: each.node,
            name: `${name} = ${during}`,
            how: `ALTER SYSTEM RESET ${name}; SELECT pg_reload_conf(): what the owner had set before isn't known, if anything`,
            remove: async (again: Db) => {
              const [answer] = await setNodeSetting(again, [{ node: each.node, name, value: null }]);
              return answer?.error === undefined ? undefined : { obsolete: false, why: answer.error };
            },
          },
        ],
  );
}
