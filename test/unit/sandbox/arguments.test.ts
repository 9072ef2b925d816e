import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

const programs = { demo: '../../../sandbox/demo/main.ts', sandbox: '../../../sandbox/up.ts' };

function run(program: keyof typeof programs, ...args: string[]) {
  const file = fileURLToPath(new URL(programs[program], import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' });
}

test.each(['demo', 'sandbox'] as const)('npm run %s -- --help tells its options', (program) => {
  const { status, stdout } = run(program, '--help');
  expect(status).toBe(0);
  expect(stdout).toContain(`npm run ${program}`);
  expect(stdout).toContain('--flavour citus|stand-in');
});

test.each([
  ['demo', '--bogus', "Unknown option '--bogus'"],
  ['demo', '--flavour=foo', '--flavour may be citus or stand-in'],
  ['demo', '--story=foo', '--story may be grow or dead-worker, not foo'],
  ['sandbox', '--flavour=foo', '--flavour may be citus or stand-in'],
  ['sandbox', '--stop', '--stop needs the folder that was printed'],
  ['sandbox', '--worker=/tmp', "/tmp is no folder of a sandbox's cluster"],
] as const)('npm run %s -- %s is answered with a sentence and the usage', (program, arg, says) => {
  const { status, stderr } = run(program, arg);
  expect(status).toBe(2);
  expect(stderr).toMatch(new RegExp(`^${says.replace(/[.?*+^$[\]\\(){}|-]/g, '\\$&')}`));
  expect(stderr).toContain(`npm run ${program}`);
  expect(stderr).not.toContain('    at ');
});

test('SANDBOX_FLAVOUR counts as with npm test, and is judged like the option', () => {
  vi.stubEnv('SANDBOX_FLAVOUR', 'foo');
  const { status, stderr } = run('demo');
  vi.unstubAllEnvs();
  expect(status).toBe(2);
  expect(stderr).toMatch(/^SANDBOX_FLAVOUR may be citus or stand-in, not foo/);
});

test('what is no folder of a sandbox is never removed', () => {
  const { status, stderr } = run('sandbox', '--stop', fileURLToPath(new URL('.', import.meta.url)));
  expect(status).toBe(1);
  expect(stderr).toContain('is not the folder of a sandbox: nothing in it was ended or removed');
});
