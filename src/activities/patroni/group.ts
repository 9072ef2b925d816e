import { readGroup, readSessions } from '../../citus/patroni/group.js';
import { registersNodes } from '../../citus/patroni/sign.js';
import { allowedByConfig } from '../../citus/session/allowed.js';
import type { Db } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import { askApi, membersIn } from './api.js';

/** A node group that Patroni runs: who runs a group is asked once, while its servers answer. */
export interface PatroniGroup {
  groupId: number;
  members: PatroniMember[];
}

/** A server of the group. */
interface PatroniMember {
  /** `host:port` */
  node: string;
  /** Whether its Patroni has answered: only then silence says something. */
  seen: boolean;
}

/** Who runs a node group: Patroni, with these members; undefined: nobody but people and citus-scaler. */
export async function groupOf(
  db: Db,
  cluster: ClusterConfig,
  groupId: number,
): Promise<PatroniGroup | undefined> {
  if (!(await registersNodes(db))) return undefined;
  const rows = (await readGroup(db, groupId)).map(({ node }) => node);
  const known = await Promise.all(rows.map((node) => askApi(cluster, node, 'cluster')));
  const named = known.flatMap((answer) => (answer.is === 'answers' ? membersIn(answer.json) : []));
  const more = [...new Set(named)].filter((node) => !rows.some((row) => row.toLowerCase() === node));
  const others = await Promise.all(more.map(async (node) => ({ node, seen: await isSeen(cluster, node) })));
  return {
    groupId,
    members: [...rows.map((node, index) => ({ node, seen: known[index]?.is === 'answers' })), ...others],
  };
}

/** Whoever Patroni names is asked only where the config allows it. */
async function isSeen(cluster: ClusterConfig, node: string): Promise<boolean> {
  return allowedByConfig(cluster, node) && (await askApi(cluster, node, 'patroni')).is === 'answers';
}

/** Whether Patroni has let go of a group. */
export interface LettingGo {
  /** Members that run, with what shows it. */
  runs: string[];
  /** Members of which nobody can tell. */
  unseen: string[];
}

/** Looks whether any member of a group still runs, also one that has joined it since. */
export async function lookAtGroup(db: Db, cluster: ClusterConfig, group: PatroniGroup): Promise<LettingGo> {
  const rows = (await readGroup(db, group.groupId)).map(({ node }) => node);
  const joined = rows.filter((node) => !group.members.some((member) => member.node === node));
  const members = [...group.members, ...joined.map((node) => ({ node, seen: false }))];
  const sessions = await readSessions(
    db,
    members.map(({ node }) => node),
  );
  const runs: string[] = [];
  const unseen: string[] = [];
  for (const { node, seen } of members) {
    const registered = rows.includes(node);
    const api =
      registered || seen || allowedByConfig(cluster, node)
        ? await askApi(cluster, node, 'patroni')
        : { is: 'silent' as const, why: 'allowedNodes of the config doesn’t name it' };
    if (api.is === 'answers') runs.push(`${node}: its Patroni answers`);
    else if (sessions.get(node) === 'with Patroni') runs.push(`${node}: Patroni has a session there`);
    else if (sessions.has(node) && !seen) unseen.push(`${node}: the server answers; its Patroni never did`);
    else if (api.is === 'silent') unseen.push(`${node}: its Patroni can't be asked (${api.why})`);
    else if (!seen) unseen.push(`${node}: nothing answers there, and its Patroni never did`);
  }
  return { runs, unseen };
}
