import { readNodeSetting, setNodeSetting } from '../../citus/nodes/node-settings.js';
import type { Db } from '../../citus/session/db.js';
import { borrowable } from '../settings/activities.js';
import type { Finding } from './finding.js';

/**
 * Settings that an operation raised and, ended by force, could not give back. Ask only while no other operation holds
 * the cluster: its custodian gives back by itself. What the owner had is known to nobody then.
 */
export async function raisedSettings(db: Db, nodes: string[]): Promise<Finding[]> {
  const { name, raised } = borrowable;
  const found = await readNodeSetting(db, nodes, name);
  return found.flatMap((each) =>
    'error' in each || each.owners !== raised
      ? []
      : [
          {
            kind: 'setting' as const,
            node: each.node,
            name: `${name} = ${raised}`,
            how: `ALTER SYSTEM RESET ${name}; SELECT pg_reload_conf(): what the owner had set before isn't known, if anything`,
            remove: async (again: Db) => {
              const [answer] = await setNodeSetting(again, [{ node: each.node, name, value: null }]);
              return answer?.error === undefined ? undefined : { settled: false, why: answer.error };
            },
          },
        ],
  );
}
