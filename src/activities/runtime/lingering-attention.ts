import { endPrepared } from '../../citus/moving/prepared.js';
import { readWaits } from '../../citus/moving/waits.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { activeWorkers, readNodes } from '../../citus/nodes/nodes.js';
import { applicationPrefix } from '../../citus/session/application-name.js';
import type { Db } from '../../citus/session/connect.js';
import type { OwnSession } from '../../citus/session/own-sessions.js';
import { remediesOf, type Attention } from '../../contract/index.js';
import type { AttentionChannel } from '../moving/stalls/attention-channel.js';

/** Seconds after which a statement that doesn't end is told of without a cause. */
const slowSeconds = 60;

/**
 * Tells of statements of ours that don't end: at the first look that finds what holds them, and once they have taken long,
 * also where nothing was found.
 *
 * @param joining servers that may not be registered yet, `host:port`
 * @returns called at each look with those that don't end; never fails, for a node may be silent
 */
export function lingeringTeller(
  channel: Pick<AttentionChannel, 'attention'>,
  joining: string[],
): (db: Db, sessions: OwnSession[]) => Promise<void> {
  let told: 'nothing' | 'no cause' | 'cause' = 'nothing';
  const firstAt = Date.now();
  return async (db, sessions) => {
    if (told === 'cause' || sessions.length === 0) return;
    const seconds = Math.max((Date.now() - firstAt) / 1_000, ...sessions.map((session) => session.seconds));
    const withoutCause = told === 'nothing' && seconds >= slowSeconds;
    const found = await lingeringAttention(db, sessions, joining, { withoutCause }).catch(() => undefined);
    if (!found) return;
    told = found.hasCause ? 'cause' : 'no cause';
    channel.attention(found.attention);
  };
}

/**
 * Asks for attention to statements of ours that don't end, and names what holds them.
 *
 * @param withoutCause whether it is said too where no cause was found; undefined then, if not
 */
async function lingeringAttention(
  db: Db,
  sessions: OwnSession[],
  joining: string[],
  { withoutCause }: { withoutCause: boolean },
): Promise<{ attention: Attention; hasCause: boolean } | undefined> {
  const nodes = [...activeWorkers(await readNodes(db)).map(({ node }) => node), ...joining];
  const [first] = sessions;
  const causes: Cause[] = [];
  for (const { pid } of sessions.slice(0, 5)) {
    causes.push(...(await readWaits(db, pid, nodes)).map(({ node, blocker }) => heldBy(node, blocker)));
  }
  causes.push(...(await absentStandbys(db, [...new Set(nodes)])));
  if (causes.length === 0 && !withoutCause) return undefined;
  const attention = {
    problem: `waits for a statement to end at the coordinator: ${wordsFor(first)}`,
    evidence: [
      ...sessions.map(
        ({ pid, applicationName, seconds, waits }) =>
          `process ${pid} (${applicationName}), for ${Math.round(seconds)} s${waits === null ? '' : `, waits for ${waits}`}`,
      ),
      ...new Set(causes.map(({ line }) => line)),
    ].join('\n'),
    remedies: remediesOf(
      'let what holds it end: it goes on by itself',
      ...new Set(causes.flatMap(({ remedy }) => remedy ?? [])),
      'don’t end our statement itself: it may be preparing a distributed transaction, and if it is ended then it can hang with a lock on pg_dist_node',
    ),
  };
  return { attention, hasCause: causes.length > 0 };
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

/** What holds a statement, and what ends that. */
interface Cause {
  line: string;
  remedy?: string;
}

function heldBy(node: string, blocker: Blocker): Cause {
  if (blocker.kind === 'prepared')
    return {
      line: `on ${node} it waits for the prepared transaction ${blocker.gid}`,
      remedy: endPrepared({ ...blocker, node }),
    };
  const { pid, application, user } = blocker;
  const owner = [application, user].filter((each) => each !== null && each !== '').join(', ');
  return {
    line: `on ${node} it waits for process ${pid}${owner === '' ? '' : ` (${owner})`}`,
    // One of ours may be preparing something.
    ...(!application.startsWith(applicationPrefix) && {
      remedy: `or end its session, on ${node}: SELECT pg_terminate_backend(${pid});`,
    }),
  };
}

/** A commit waits for ever for a synchronous standby that isn't there. */
async function absentStandbys(db: Db, nodes: string[]): Promise<Cause[]> {
  const command = `select count(*) from pg_stat_activity where wait_event = 'SyncRep'`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) => {
    if (!success) return [{ line: `${node} gives no answer: ${result}` }];
    return result === '0'
      ? []
      : [
          {
            line: `on ${node} commits wait for a synchronous standby that isn't there (synchronous_standby_names)`,
            remedy: `bring that standby back; or, if there is none, on ${node}: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();`,
          },
        ];
  });
}
