import type { createActivities } from './index.js';

/** The activities in words, as a person would say them. */
const deeds: Record<keyof ReturnType<typeof createActivities>, string> = {
  checkInput: 'Checking the input',
  readLockId: 'Asking which server it is',
  lookAtLock: 'Asking who holds the cluster',
  isRunOpen: 'Asking whether an operation goes on',
  awaitLockEnd: 'Waiting for the operation that holds the cluster',
  preflight: 'Checking the cluster',
  checkNewNodes: 'Checking the new servers',
  planScaleOut: 'Planning',
  planRebalance: 'Planning',
  planDrain: 'Planning',
  planRemainder: 'Planning what is left to move',
  confirmPlan: 'Looking whether the plan is still possible',
  startMachine: 'Starting a machine',
  lookAtMachine: 'Looking whether a machine may be stopped',
  stopRemoved: 'Stopping the machine of a removed worker',
  planRegistrations: 'Reading how servers are registered',
  registerNodes: 'Registering workers',
  planMarks: 'Reading how workers are marked',
  markNodes: 'Marking workers',
  replicateReferenceTables: 'Copying reference tables',
  awaitRemovable: 'Waiting until a worker can leave',
  removeWorkerNode: 'Deregistering a worker',
  planSettings: 'Reading server settings',
  lowerSettings: 'Changing server settings',
  endStatements: 'Ending what still runs at the server',
  endEarlier: 'Ending what an earlier operation left running',
  undo: 'Undoing what was done',
  redo: 'Doing again what was undone',
  moveShardGroups: 'Moving shards',
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

/** The activity in words: `Moving shards`. An activity that isn't known, of a newer worker say, keeps its name. */
export function deedOf(activity: string): string {
  return new Map(Object.entries(deeds)).get(activity) ?? activity;
}
