import type { createActivities } from '../index.js';

/** What each activity does, as a person would say it. */
const deeds: Record<keyof ReturnType<typeof createActivities>, string> = {
  checkInput: 'Checking the input',
  lookAtHold: 'Asking who holds the cluster',
  awaitHoldEnd: 'Waiting for the operation that holds the cluster',
  preflight: 'Checking the cluster',
  checkNewNodes: 'Checking the new servers',
  planScaleOut: 'Planning',
  planRebalance: 'Planning',
  planDrain: 'Planning',
  planRemainder: 'Planning what is left to move',
  confirmPlan: 'Looking whether the plan is still possible',
  startMachine: 'Starting a machine',
  stopUnused: 'Stopping a machine that is not needed',
  lookAtMachine: 'Looking whether a machine may be stopped',
  stopRemoved: 'Stopping the machine of a removed worker',
  registerNodes: 'Registering workers',
  markNodes: 'Marking workers',
  deregisterUnused: 'Deregistering a worker that holds no shard',
  replicateReferenceTables: 'Copying reference tables',
  awaitRemovable: 'Waiting until a worker can leave',
  removeWorkerNode: 'Deregistering a worker',
  readBorrowable: 'Reading server settings',
  raiseSettings: 'Changing server settings',
  giveBackSettings: 'Giving back server settings',
  moveShardGroups: 'Moving shards',
  stopMovesOf: 'Stopping what still runs at the server',
  governMoves: 'Watching the load',
  verifyScaleOut: 'Verifying',
  verifyRebalance: 'Verifying',
  verifyDrain: 'Verifying',
  verifyRemoval: 'Looking for traces of a removed worker',
  readWindows: 'Reading the maintenance windows',
  planCleanUp: 'Looking for leftovers',
  letCitusCleanUp: 'Letting Citus clean up',
  removeLeftovers: 'Removing leftovers',
  verifyCleanUp: 'Verifying',
  keepReport: 'Keeping the report',
  inspect: 'Looking at the cluster',
};

/** One that isn't known, of a newer worker say, goes by its name. */
export function deedOf(activity: string): string {
  return new Map(Object.entries(deeds)).get(activity) ?? activity;
}
