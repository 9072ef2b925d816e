import { does } from '../does.js';
import type { Remedy } from '../remedy.js';
import type { OperationRequest } from './request.js';

/** The remedy that starts the same operation again, with all that was asked for; by whom is for whoever starts it to say. */
export function startAgain({ type, input }: OperationRequest, text: string, change: object = {}): Remedy {
  const { requestedBy: _, ...fields } = input;
  return does(type, text, { ...fields, ...change });
}
