import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeSandboxFolder } from '../../../sandbox/os/sandbox-folder.js';
import { endSandbox } from '../../../sandbox/os/sweep.js';

test('only the folder of a sandbox is removed on a person’s word', () => {
  const mine = mkdtempSync(join(tmpdir(), 'not-a-sandbox-'));
  writeFileSync(join(mine, 'precious'), '');
  expect(() => endSandbox(mine)).toThrow(`${mine} is not the folder of a sandbox`);
  expect(() => endSandbox(join(mine, 'nowhere'))).toThrow('is not the folder of a sandbox');
  expect(existsSync(join(mine, 'precious'))).toBe(true);
  rmSync(mine, { recursive: true });

  const sandbox = makeSandboxFolder({ detached: true });
  endSandbox(sandbox);
  expect(existsSync(sandbox)).toBe(false);
});
