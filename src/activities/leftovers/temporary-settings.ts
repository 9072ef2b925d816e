import { readNodeSetting, setNodeSetting } from '../../citus/nodes/node-settings.js';
import type { Db } from '../../citus/session/db.js';
import { temporary } from '../settings/temporary.js';
import type { Finding } from './finding.js';

/**
 * Finds settings that an operation lowered and could not give back. Ask only while no operation holds the cluster's
 * lock: its keeper gives them back by itself. Nobody knows then what the owner had.
 */
export async function findTemporarySettings(db: Db, nodes: string[]): Promise<Finding[]> {
  const { name, during } = temporary;
  const settings = await readNodeSetting(db, nodes, name);
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
