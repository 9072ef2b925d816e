import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import getPort from 'get-port';
import { portsFolder } from './places.js';
import { recordedProcess, recordProcess } from './process-record.js';
import { identityOf, isSameProcess } from './processes.js';

/**
 * A free port below the range that outgoing connections are given (from 32768 on Linux): there a server that is
 * killed and revived could find its port taken by somebody's client. Nor does another process of ours get it while this one
 * lives, whether something listens there or not.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await getPort({
      host: '127.0.0.1',
      port: Array.from({ length: 50 }, () => randomInt(15_000, 32_000)),
    });
    if (takePort(port)) return port;
  }
}

/** Takes a port for this process. What a process that is gone had taken is free. */
export function takePort(port: number): boolean {
  const folder = portsFolder();
  mkdirSync(folder, { recursive: true });
  const owner = recordedProcess(folder, `${port}`);
  if (owner && owner.pid !== process.pid && isSameProcess(owner)) return false;
  const own = identityOf(process.pid);
  if (own) recordProcess(folder, `${port}`, own);
  return true;
}
