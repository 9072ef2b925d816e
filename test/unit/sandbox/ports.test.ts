import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { portsFolder } from '../../../sandbox/os/places.js';
import { freePort } from '../../../sandbox/os/ports.js';
import { recordedProcess, recordProcess } from '../../../sandbox/os/process-record.js';
import { identityOf } from '../../../sandbox/os/processes.js';

test('a port is taken by the process that asks, until that ends', async () => {
  const port = await freePort();
  expect(recordedProcess(portsFolder(), `${port}`)).toEqual(identityOf(process.pid));
});

test('what another process that lives has taken is not handed out, what one that ended had taken is', () => {
  const script = fileURLToPath(new URL('./take-port.ts', import.meta.url));
  const taken = 31_990;
  const ask = (): string =>
    spawnSync(process.execPath, ['--import', 'tsx', script, `${taken}`], { encoding: 'utf8' }).stdout;
  recordProcess(portsFolder(), `${taken}`, identityOf(process.pid) ?? { pid: 0, startedAt: '' });
  expect(ask()).toBe('refused');
  recordProcess(portsFolder(), `${taken}`, { pid: process.pid, startedAt: 'long ago' });
  expect(ask()).toBe('taken');
});
