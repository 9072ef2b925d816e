import { CoordinatorAwayError, NoWritableCoordinatorError } from '../../citus/session/connect.js';

/** Whether the coordinator itself can't be reached, rather than something that it does failed. */
export function isCoordinatorAway(error: unknown): error is Error {
  return error instanceof CoordinatorAwayError || error instanceof NoWritableCoordinatorError;
}

/** What a person does then. citus-scaler makes no failover, and no worker can take over its part. */
export const bringCoordinatorBack =
  'start the coordinator; if it is lost, make its standby the coordinator, by your platform, and name both as coordinator.hosts in the config of every worker of citus-scaler and restart those: they take the one that is writable';
