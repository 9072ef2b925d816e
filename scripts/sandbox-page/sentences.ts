import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Flavour } from '../../sandbox/flavour.js';

/** One test of the conformance suite. */
export interface Sentence {
  subject: string;
  /** Its title, after those of the groups that it is in. */
  text: string;
  passes: Record<Flavour, boolean>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const suite = 'test/integration/conformance';

/** Title of a group that `conform` makes: the subject, and the flavour in brackets. */
const conformed = / \((citus|stand-in)\)$/;

/** The tests that there are, without running them, as if all of them passed. */
export async function listSentences(): Promise<Sentence[]> {
  // In one process, which loads what the files share once.
  const args = ['list', '--no-isolate', '--maxWorkers=1', suite];
  const tests = await vitest<{ name: string }[]>('stand-in', args, '--json');
  return tests.map(({ name }) => sentence(name.split(' > '), { citus: true, 'stand-in': true }));
}

/** The tests with what came of them on both flavours. */
export async function runSentences(): Promise<Sentence[]> {
  const citus = await run('citus');
  const standIn = await run('stand-in');
  return [...standIn].map(([path, passes]) =>
    sentence(path.split(' > '), { citus: citus.get(path) ?? false, 'stand-in': passes }),
  );
}

interface Report {
  testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[];
}

async function run(flavour: Flavour): Promise<Map<string, boolean>> {
  const args = ['run', '--reporter=default', '--reporter=json', suite];
  const { testResults } = await vitest<Report>(flavour, args, '--outputFile.json');
  return new Map(
    testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .map(({ ancestorTitles: [subject = '', ...groups], title, status }) => [
        [subject.replace(conformed, ''), ...groups, title].join(' > '),
        status === 'passed',
      ]),
  );
}

function sentence([subject = '', ...titles]: string[], passes: Record<Flavour, boolean>): Sentence {
  return { subject: subject.replace(conformed, ''), text: titles.join(': '), passes };
}

/** Runs vitest and reads the file that it writes. Failed tests are an answer too. */
async function vitest<T>(flavour: Flavour, args: string[], fileOption: string): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-page-'));
  const file = join(folder, 'vitest.json');
  try {
    await execa('vitest', [...args, `${fileOption}=${file}`], {
      cwd: root,
      localDir: root,
      preferLocal: true,
      reject: false,
      env: { SANDBOX_FLAVOUR: flavour },
      stdout: process.env['VITEST'] === undefined ? 'inherit' : 'ignore',
    });
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
