import { Context } from '@temporalio/activity';
import { moveName } from '../../citus/session/application-name.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { findBackend, readCopyProgress } from '../../citus/moving/moves.js';
import { readReferenceRoute, replicateReferenceTablesStatement } from '../../citus/nodes/registration.js';
import type { ClusterConfig } from '../../config/index.js';
import type { MoveHeartbeat, Moving } from '../../contract/index.js';
import { refuseBesideOthers } from './beside-others.js';
import { ownWorkflowId, readSession, type ActivityContext } from '../runtime/context.js';
import { beatWith } from '../runtime/interceptor.js';
import { displayIn } from './move-display.js';
import { attentionChannel } from './stalls/attention-channel.js';
import { usualStallTimes } from './stalls/watch.js';
import { stopsOf } from '../runtime/run-statement.js';
import { watchStatement } from './watch-statement.js';

/** Copies every reference table to each node that lacks it, and shows it as a move. */
export async function copyReferenceTables(
  context: ActivityContext,
  cluster: ClusterConfig,
  transferMode: string,
): Promise<void> {
  const activity = Context.current();
  const operationId = ownWorkflowId();
  const name = moveName(operationId, 'reference');
  const scene = { what: 'copy of reference tables', operationId };
  const route = await withCoordinator(cluster, readSession('look'), async (db) => {
    const referenceRoute = await readReferenceRoute(db);
    if (referenceRoute && (await findBackend(db, name)) === undefined) await refuseBesideOthers(db, scene);
    return referenceRoute;
  });
  const current: Moving = {
    from: route?.from ?? '',
    to: route?.to[0] ?? '',
    tables: ['reference tables'],
    phase: 'Setting Up',
    attempt: activity.info.attempt,
  };
  const beat: MoveHeartbeat = { kind: 'moves', movesDone: 0, bytesDone: 0, ...(route && { current }) };
  beatWith(activity, () => beat);
  const statement = {
    name,
    text: replicateReferenceTablesStatement,
    params: [transferMode],
    scene,
    readProgress: readCopyProgress,
  };
  const stops = stopsOf(activity);
  const channel = attentionChannel(context.client, activity);
  const show = { ...displayIn(current), channel, times: context.stallTimes ?? usualStallTimes };
  // An adopted one ended nobody knows how: doing it again is nothing when it is done.
  while ((await watchStatement(cluster, statement, stops, show)) !== 'ended')
    activity.cancellationSignal.throwIfAborted();
}
