import { Context } from '@temporalio/activity';
import { moveName } from '../../citus/session/application-name.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { findBackend, readCopyProgress } from '../../citus/moving/moves.js';
import { copyAll, readReferenceRoute } from '../../citus/nodes/reference-copies.js';
import type { MoveHeartbeat, Moving } from '../../contract/index.js';
import { assertHeld } from '../lock/assert-held.js';
import { endUnlessHeld } from './move-group.js';
import { refuseBesideOthers } from './beside-others.js';
import { clusterIn, ownWorkflowId, readSession, type ActivityContext } from '../runtime/context.js';
import { beatWith } from '../runtime/interceptor.js';
import { chooseCopyMode, type ApprovedMode } from './choose-mode.js';
import { displayIn } from './move-display.js';
import { attentionChannel } from './stalls/attention-channel.js';
import { usualStallTimes } from './stalls/watch.js';
import { stopsOf } from '../runtime/run-statement.js';
import { watchStatement } from './watch-statement.js';

export interface ReferenceOrder extends ApprovedMode {
  cluster: string;
  lockId: string;
}

/** Copies every reference table to each node that lacks it, and shows it as a move. */
export async function copyReferenceTables(context: ActivityContext, order: ReferenceOrder): Promise<void> {
  while (await copyNext(context, order));
}

/** Makes the next copy; answers whether another is to follow. */
async function copyNext(
  context: ActivityContext,
  { cluster: clusterName, lockId, ...approved }: ReferenceOrder,
): Promise<boolean> {
  const activity = Context.current();
  const cluster = clusterIn(context, clusterName);
  const operationId = ownWorkflowId();
  const name = moveName(operationId, 'reference');
  const scene = { what: 'copy of reference tables', operationId };
  const { route, isThere } = await withCoordinator(cluster, readSession('look'), async (db) => {
    const asked = await readReferenceRoute(db, approved.transferMode);
    if ((await findBackend(db, name)) !== undefined) return { route: asked, isThere: false };
    if (!asked) return { route: asked, isThere: true };
    await refuseBesideOthers(db, scene);
    return { route: await readReferenceRoute(db, await chooseCopyMode(db, approved)), isThere: false };
  });
  if (isThere) return false;
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
    ...(route?.statement ?? copyAll(approved.transferMode)),
    mayBegin: () => assertHeld(context.client, lockId),
    scene,
    readProgress: readCopyProgress,
  };
  const stops = stopsOf(activity);
  const channel = attentionChannel(context.client, activity);
  const show = { ...displayIn(current), channel, times: context.stallTimes ?? usualStallTimes };
  // An adopted one ended nobody knows how: doing it again is nothing when it is done.
  for (;;) {
    const ending = await watchStatement(cluster, statement, stops, show);
    if (ending === 'ended') return route?.isPartial === true;
    if (ending === 'left') await endUnlessHeld(context, { cluster: clusterName, lockId }, name);
    activity.cancellationSignal.throwIfAborted();
  }
}
