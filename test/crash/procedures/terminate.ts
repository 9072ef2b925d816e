import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '../../support/stage.js';
import { openWorkflows, type Lane } from '../lane.js';

/** The lock keeper has looked, and gone, before anything is done. */
export async function terminateAndWait(op: Operation, lane: Lane): Promise<void> {
  await op.terminate();
  while ((await openWorkflows(lane.client)).length > 0) await sleep(50);
}
