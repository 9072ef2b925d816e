// npm test: static checks first, then every tier that the machine allows. Arguments go to vitest.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { combinations } from './combinations.mjs';
import { ensurePackages, root } from './ensure.mjs';

ensurePackages();
const started = Date.now();
const runs = combinations(process.env);
const checks = process.argv.includes('--no-checks') ? [] : await staticChecks();
const failedChecks = checks.filter(({ ok }) => !ok);
const args = process.argv.slice(2).filter((arg) => arg !== '--no-checks');
const counts = { passed: checks.length - failedChecks.length, failed: failedChecks.length, skipped: 0 };
const failures = runs.flatMap((run) => runOne(run, args));
const seconds = Math.round((Date.now() - started) / 1000);
for (const { name } of failedChecks) console.log(`static check failed: ${name}`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`in ${seconds} s`);
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

/**
 * Runs all tests against one installation, and adds to the counts. Returns what failed.
 * @param {import('./combinations.mjs').Combination} run
 * @param {string[]} args
 */
function runOne({ name, env }, args) {
  if (name !== undefined) console.log(`\nAgainst ${name} (${env['PG_CONFIG']}):`);
  const outcome = runVitest(args, env);
  counts.passed += outcome.passed;
  counts.failed += outcome.failed;
  counts.skipped += outcome.skipped;
  if (name !== undefined)
    console.log(`${name}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`);
  return outcome.failures.map((failure) => (name === undefined ? failure : `${name}: ${failure}`));
}

/** Types, lint with the rules on who may import whom, format, unused exports: side by side. */
async function staticChecks() {
  const checks = {
    types: ['tsc', '-p', '.'],
    // Without a cache: it keeps what was said of a file, and another file may have changed since what it imports.
    lint: ['eslint', '.', '--max-warnings', '0'],
    format: ['prettier', '--check', '--log-level', 'warn', '.'],
    unused: ['knip', '--no-progress', '--treat-config-hints-as-errors'],
  };
  return Promise.all(Object.entries(checks).map(([name, command]) => run(name, command)));
}

/**
 * @param {string} name
 * @param {string[]} command
 * @returns {Promise<{ name: string, ok: boolean }>}
 */
function run(name, [tool, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(`${root}node_modules/.bin/${tool}`, args, { cwd: root });
    let said = '';
    child.stdout.on('data', (data) => (said += data));
    child.stderr.on('data', (data) => (said += data));
    child.on('close', (code) => {
      console.log(code === 0 ? `✓ ${name}` : `✗ ${name}\n${said}`);
      resolve({ name, ok: code === 0 });
    });
  });
}

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Outcome
 * @typedef {{ status: string, name: string, message: string, assertionResults: Outcome[] }} TestFile
 * @param {string[]} args
 * @param {Record<string, string>} env
 */
function runVitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-test-'));
  const file = join(folder, 'results.json');
  const vitest = spawnSync(
    `${root}node_modules/.bin/vitest`,
    [
      'run',
      '--allowOnly=false',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...args,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } },
  );
  try {
    /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, testResults: TestFile[] }} */
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    // A file that can't even be loaded has no tests to count.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    const failed = numFailedTests + broken.length;
    return {
      passed: numPassedTests,
      failed: failed === 0 && vitest.status !== 0 ? 1 : failed,
      skipped: numPendingTests,
      failures: [
        ...broken.map(({ name, message }) => `${relative(root, name)}: ${firstLines(message)}`),
        ...testResults.flatMap(({ name, assertionResults }) =>
          assertionResults
            .filter(({ status }) => status === 'failed')
            .map(
              (test) => `${relative(root, name)}: ${test.fullName}: ${firstLines(test.failureMessages[0])}`,
            ),
        ),
      ],
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The beginning of what a test failed with: the whole of it stands above, where it may be long ago.
 * @param {string | undefined} message
 */
function firstLines(message = '') {
  const lines = message.slice(0, 2_000).split('\n');
  return lines
    .filter((line) => !line.includes('node_modules'))
    .slice(0, 20)
    .join('\n  ');
}
