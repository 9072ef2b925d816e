import { endPrepared } from '../../../citus/moving/prepared.js';
import type { Db } from '../../../citus/session/connect.js';
import { readOrigin, readWaits, type Blocker, type Wait } from '../../../citus/moving/waits.js';
import { nodesOf, type Scene, type Stall } from './stall.js';

/** Finds the transaction that a move waits for: every one that had written on its source when it began, prepared ones too. */
export async function waitsForTransaction(db: Db, scene: Scene): Promise<Stall | undefined> {
  if (scene.pid === undefined) return undefined;
  const waits = await readWaits(db, scene.pid, await nodesOf(db, scene));
  const [first] = waits;
  if (!first) return undefined;
  return first.blocker.kind === 'prepared'
    ? preparedStall(first.node, first.blocker, scene)
    : sessionStall(db, waits, first.node, first.blocker, scene);
}

type Session = Extract<Blocker, { kind: 'session' }>;

async function sessionStall(
  db: Db,
  waits: Wait[],
  node: string,
  blocker: Session,
  { what }: Scene,
): Promise<Stall> {
  const client = blocker.servesGpid === null ? undefined : await readOrigin(db, blocker.servesGpid);
  const origin = client?.kind === 'session' ? client : { ...blocker, node };
  const detour = client ? [`there it works through process ${blocker.pid} on ${node}`] : [];
  return {
    cause: `transaction ${origin.pid} ${origin.node}`,
    problem: `waits for a transaction of process ${origin.pid} on ${origin.node}${sinceOf(origin)}`,
    evidence: [
      `process ${origin.pid} on ${origin.node}: ${describe(origin)}`,
      ...detour,
      ...moreOf(waits),
      what,
    ],
    remedies: [
      'let that transaction end: it goes on by itself',
      `or end its session, on ${origin.node}: SELECT pg_terminate_backend(${origin.pid});`,
    ],
    outlook: 'heals',
  };
}

function preparedStall(
  node: string,
  { gid, since, user, database }: Extract<Blocker, { kind: 'prepared' }>,
  { what }: Scene,
): Stall {
  return {
    cause: `prepared ${gid} ${node}`,
    problem: `waits for the prepared transaction ${gid} on ${node}, since ${since}`,
    evidence: [
      `pg_prepared_xacts on ${node}: ${gid} of ${user} in database ${database}, since ${since}`,
      what,
    ],
    remedies: [`${endPrepared({ gid, database, node })} It goes on by itself then`],
    outlook: 'heals',
  };
}

function sinceOf({ since }: Session): string {
  return since === null ? '' : `, open since ${since}`;
}

/** Others' sessions show little to a role without pg_monitor. */
function describe({ application, user, database, tag, state, since }: Session): string {
  return [
    ...(application === '' ? [] : [`application ${application}`]),
    ...(user === null ? [] : [`user ${user}`]),
    ...(database === null ? [] : [`database ${database}`]),
    ...(state === null ? [] : [state]),
    ...(tag === null ? [] : [`last command ${tag}`]),
    ...(since === null ? [] : [`since ${since}`]),
  ].join(', ');
}

function moreOf({ length }: Wait[]): string[] {
  return length > 1 ? [`and ${length - 1} more wait${length === 2 ? '' : 's'} of the same kind`] : [];
}
