import { readWaits } from '../../citus/moving/waits.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { activeWorkers, readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import type { OwnSession } from '../../citus/session/own-sessions.js';
import { remediesOf, type Attention } from '../../contract/index.js';

/**
 * Asks for attention to statements of ours that don't end, and names what holds them.
 *
 * @param withoutCause whether it is said too where no cause was found; undefined then, if not
 * @param joining servers that may not be registered yet, `host:port`
 */
export async function lingeringAttention(
  db: Db,
  sessions: OwnSession[],
  joining: string[],
  { withoutCause = true } = {},
): Promise<Attention | undefined> {
  const nodes = [...activeWorkers(await readNodes(db)).map(({ node }) => node), ...joining];
  const [first] = sessions;
  const causes: string[] = [];
  for (const { pid } of sessions.slice(0, 5)) {
    causes.push(...(await readWaits(db, pid, nodes)).map(({ node, blocker }) => blockerLine(node, blocker)));
  }
  causes.push(...(await absentStandbys(db, [...new Set(nodes)])));
  if (causes.length === 0 && !withoutCause) return undefined;
  return {
    problem: `waits for a statement to end at the coordinator: ${wordsFor(first)}`,
    evidence: [
      ...sessions.map(
        ({ pid, applicationName, seconds, waits }) =>
          `process ${pid} (${applicationName}), for ${Math.round(seconds)} s${waits === null ? '' : `, waits for ${waits}`}`,
      ),
      ...new Set(causes),
    ].join('\n'),
    remedies: remediesOf(
      'let what holds it end: it goes on by itself',
      'don’t end our statement itself: it may be preparing a distributed transaction, and if it is ended then it can hang with a lock on pg_dist_node',
    ),
  };
}

function wordsFor(session: OwnSession | undefined): string {
  const deed = session?.applicationName.split(':').slice(2).join(':') ?? '';
  if (deed === 'register') return 'the registration of a worker';
  if (deed === 'await leave') return 'the clean-up before a worker leaves';
  if (deed === 'deregister') return 'the deregistration of a worker';
  if (deed === 'mark') return 'a change of shouldhaveshards';
  if (deed === 'sync') return 'a change of metadata sync';
  return deed.startsWith('move:') ? 'a move' : deed;
}

type Blocker = Awaited<ReturnType<typeof readWaits>>[number]['blocker'];

function blockerLine(node: string, blocker: Blocker): string {
  if (blocker.kind === 'prepared') return `on ${node} it waits for the prepared transaction ${blocker.gid}`;
  const { pid, application, user } = blocker;
  const owner = [application, user].filter((each) => each !== null && each !== '').join(', ');
  return `on ${node} it waits for process ${pid}${owner === '' ? '' : ` (${owner})`}`;
}

/** A commit waits for ever for a synchronous standby that isn't there. */
async function absentStandbys(db: Db, nodes: string[]): Promise<string[]> {
  const command = `select count(*) from pg_stat_activity where wait_event = 'SyncRep'`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success && result !== '0'
      ? [`on ${node} commits wait for a synchronous standby that isn't there (synchronous_standby_names)`]
      : [],
  );
}
