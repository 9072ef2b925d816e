// npm test: static checks first, then every tier that the machine allows. Arguments go to vitest.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, root } from './ensure.mjs';

ensurePackages();
const started = Date.now();
const failedChecks = process.argv.includes('--no-checks') ? [] : await staticChecks();
const { passed, failed, skipped } = runVitest(process.argv.slice(2).filter((arg) => arg !== '--no-checks'));
const seconds = Math.round((Date.now() - started) / 1000);
for (const check of failedChecks) console.log(`static check failed: ${check}`);
console.log(`in ${seconds} s`);
console.log(
  `${passed + 4 - failedChecks.length} passed, ${failed + failedChecks.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
);
process.exit(failed + failedChecks.length > 0 ? 1 : 0);

/** Types, lint with the rules on who may import whom, format, unused exports: side by side. */
async function staticChecks() {
  const checks = {
    types: ['tsc', '-p', '.'],
    lint: [
      'eslint',
      '.',
      '--max-warnings',
      '0',
      '--cache',
      '--cache-strategy',
      'content',
      '--cache-location',
      'node_modules/.cache/eslint/',
    ],
    format: ['prettier', '--check', '--log-level', 'warn', '.'],
    unused: ['knip', '--no-progress'],
  };
  const results = await Promise.all(
    Object.entries(checks).map(([name, [tool, ...args]]) => run(name, tool, args)),
  );
  return results.filter(({ ok }) => !ok).map(({ name }) => name);
}

function run(name, tool, args) {
  return new Promise((resolve) => {
    const child = spawn(`${root}node_modules/.bin/${tool}`, args, { cwd: root });
    let said = '';
    child.stdout.on('data', (data) => (said += data));
    child.stderr.on('data', (data) => (said += data));
    child.on('exit', (code) => {
      console.log(code === 0 ? `✓ ${name}` : `✗ ${name}\n${said}`);
      resolve({ name, ok: code === 0 });
    });
  });
}

function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-test-'));
  const file = join(folder, 'results.json');
  const vitest = spawnSync(
    `${root}node_modules/.bin/vitest`,
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
    { cwd: root, stdio: 'inherit' },
  );
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    // A file that can't even be loaded has no tests to count.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    ).length;
    const failed = numFailedTests + broken;
    return {
      passed: numPassedTests,
      failed: failed === 0 && vitest.status !== 0 ? 1 : failed,
      skipped: numPendingTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
