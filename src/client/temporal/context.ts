import type { Client } from '@temporalio/client';
import { within, type Target } from './grpc.js';

/** The connection that the parts of the client share. */
export interface Context {
  client: Client;
  target: Target;
}

/** One request to Temporal, with a deadline. */
export function request<T>(
  { client, target }: Context,
  run: () => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  return within(client.connection, target, run, timeoutMs);
}
