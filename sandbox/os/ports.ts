import { randomInt } from 'node:crypto';
import getPort from 'get-port';

/**
 * A free port below the range that outgoing connections are given (from 32768 on Linux): there a server that is
 * killed and revived could find its port taken by somebody's client.
 */
export function freePort(): Promise<number> {
  return getPort({ host: '127.0.0.1', port: Array.from({ length: 50 }, () => randomInt(15_000, 32_000)) });
}
