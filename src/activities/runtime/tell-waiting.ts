import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { operationPrefix } from '../../citus/session/application-name.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { readOwnSessions } from '../../citus/session/own-sessions.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Attention } from '../../contract/index.js';
import { attentionChannel } from '../moving/stalls/attention-channel.js';
import { readSession, ownWorkflowId, type ActivityContext } from './context.js';
import { lingeringAttention } from './lingering-attention.js';

/** Milliseconds after which it is looked at what holds a statement, and after which a slow one is told without a cause. */
const lookMs = 5_000;
const slowSeconds = 60;

/**
 * Does work in sessions that change the cluster, and tells a person what holds a statement of theirs that doesn't end.
 *
 * @param joining servers that may not be registered yet, `host:port`
 */
export async function tellWaiting<T>(
  context: ActivityContext,
  cluster: ClusterConfig,
  joining: string[],
  work: () => Promise<T>,
): Promise<T> {
  const activity = Context.current();
  const channel = attentionChannel(context.client, activity);
  const done = new AbortController();
  const options = readSession('waits', { statementTimeoutSeconds: 20 });
  const prefix = operationPrefix(ownWorkflowId());
  const look = async (): Promise<Attention | undefined> =>
    withCoordinator(cluster, options, async (db) => {
      const sessions = (await readOwnSessions(db, { prefixes: [prefix] })).filter(
        ({ state, seconds }) => state === 'active' && seconds * 1_000 >= lookMs,
      );
      if (sessions.length === 0) return undefined;
      const isSlow = sessions.some(({ seconds }) => seconds >= slowSeconds);
      return lingeringAttention(db, sessions, joining, { withoutCause: isSlow });
    });
  const watch = async (): Promise<void> => {
    for (let told = false; !told;) {
      await sleep(lookMs, undefined, { signal: done.signal });
      // Best effort: the statement itself goes on, and its error tells the rest.
      const attention = await look().catch(() => undefined);
      if (done.signal.aborted || !attention) continue;
      told = true;
      channel.attention(attention);
    }
  };
  watch().catch(() => undefined);
  try {
    const result = await work();
    done.abort();
    channel.clear();
    return result;
  } catch (error) {
    done.abort();
    // Only its own word is taken back: what was told of attempts that fail holds on.
    if (channel.times > 0) channel.clear();
    throw error;
  }
}
