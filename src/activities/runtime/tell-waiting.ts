import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { operationPrefix } from '../../citus/session/application-name.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { readOwnSessions } from '../../citus/session/own-sessions.js';
import type { ClusterConfig } from '../../config/index.js';
import { explainLimit } from '../moving/stalls/failures.js';
import type { Attention } from '../../contract/index.js';
import { attentionChannel } from '../moving/stalls/attention-channel.js';
import { readSession, ownWorkflowId, type ActivityContext } from './context.js';
import { lingeringTeller } from './lingering-attention.js';

/** Milliseconds after which it is looked at what holds a statement, and again as often. */
const lookMs = 5_000;

/**
 * Does work in sessions that change the cluster, and tells a person what holds a statement of theirs that doesn't end.
 *
 * @param joining servers that may not be registered yet, `host:port`
 * @throws what the work throws; a limit that a node has reached, with where it is set
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
  const whileWaiting = {
    attention: (attention: Attention) => {
      if (!done.signal.aborted) channel.attention(attention);
    },
  };
  const tellLingering = lingeringTeller(whileWaiting, joining);
  const options = readSession('waits', { statementTimeoutSeconds: 20 });
  const operationId = ownWorkflowId();
  const prefix = operationPrefix(operationId);
  const look = (): Promise<void> =>
    withCoordinator(cluster, options, async (db) => {
      const sessions = (await readOwnSessions(db, { prefixes: [prefix] })).filter(
        ({ state, seconds }) => state === 'active' && seconds * 1_000 >= lookMs,
      );
      await tellLingering(db, sessions);
    });
  const watch = async (): Promise<void> => {
    for (;;) {
      await sleep(lookMs, undefined, { signal: done.signal });
      // Best effort: the statement itself goes on, and its error tells the rest.
      await look().catch(() => undefined);
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
    throw await explainLimit(cluster, { what: `activity ${activity.info.activityType}`, operationId }, error);
  }
}
