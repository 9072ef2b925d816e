import { workflowInfo } from '@temporalio/workflow';
import { clusterIn, inspectType, operations, operationTypes } from '../contract/index.js';
import { refused } from '../failures.js';
import { nearest } from '../text/nearest.js';

/** Milliseconds for which a newer worker, which may know the type, gets the chance to take it. */
const graceMs = 45_000;

/**
 * Stands for every type that this worker doesn't know. At first only the workflow task fails: that leaves nothing in the
 * history that a newer worker would stumble over, and Temporal hands the task out again, to whoever polls. When nobody
 * has taken it for a while, the workflow fails and names the types that there are. One that a newer worker has begun is
 * never failed, whoever gets its task.
 */
export function unknownType(input: unknown): Promise<never> {
  const { workflowType, startTime, unsafe } = workflowInfo();
  const types = [...operationTypes, inspectType];
  const text = `this worker knows no type "${workflowType}"; it knows ${types.join(', ')}`;
  if (unsafe.isReplaying || Date.now() - startTime.getTime() < graceMs) throw new Error(text);
  const meant = operationTypes.find((type) => operations[type].command === workflowType);
  const guess = meant ?? nearest(workflowType, types);
  const cluster = clusterIn(input);
  throw refused('InvalidInput', guess === undefined ? text : `${text}. Perhaps ${guess} was meant`, {
    ...(cluster !== undefined && { cluster }),
    evidence: [`no worker has begun it for ${graceMs / 1_000} s`],
    remedies: [
      `start it again with ${guess === undefined ? 'one of these types' : `the type ${guess}`}, spelt just so`,
      'if a newer version of the worker knows the type, start that first',
    ],
  });
}
