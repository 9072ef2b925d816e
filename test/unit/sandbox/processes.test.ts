import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  childrenOf,
  commandLineOf,
  identityOf,
  isSameProcess,
  signal,
} from '../../../sandbox/os/processes.js';

describe('processes', () => {
  it('are known by id and start, and not any more when they are gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)', 'mark of this test']);
    const pid = child.pid ?? 0;
    const identity = identityOf(pid);
    if (!identity) throw new Error('it does not run');
    expect(isSameProcess(identity)).toBe(true);
    expect(isSameProcess({ pid, startedAt: 'some other time' })).toBe(false);
    expect(childrenOf(process.pid)).toContain(pid);
    expect(commandLineOf(pid)).toContain('mark of this test');
    const ended = once(child, 'exit');
    signal(pid, 'SIGKILL');
    await ended;
    expect(isSameProcess(identity)).toBe(false);
    expect(commandLineOf(pid)).toBe('');
  });

  it('may be gone before a signal', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(() => signal(child.pid ?? 0, 'SIGKILL')).not.toThrow();
  });
});
