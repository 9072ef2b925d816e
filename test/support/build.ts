import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { onExit } from '../../sandbox/os/on-exit.js';
import { bundleWorkflows } from '../../src/bundle.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What worker processes and their provisioner run: made once, since tests start many of them and each would spend seconds on it. */
export interface Build {
  /** The sources as plain JavaScript under the same paths, with the workflows bundled. */
  folder: string;
  remove: () => void;
}

const variable = 'CITUS_SCALER_TEST_BUILD';

/** Folder of the build that the run of the tests has made, if this is part of one. */
export function presentBuild(): string | undefined {
  return process.env[variable];
}

let made: Build | undefined;

/** Arguments of Node that run a program of this checkout, `test/support/worker.ts` say: from the build if there is one, else from sources. */
export function programOf(file: string, folder = presentBuild()): string[] {
  return folder === undefined
    ? ['--import', import.meta.resolve('tsx'), join(root, file)]
    : [join(folder, file.replace(/\.ts$/, '.js'))];
}

/** Makes the build that all tests of a run use: their processes inherit where it is. */
export async function setup(): Promise<void> {
  made = await build();
  process.env[variable] = made.folder;
}

/** Removes the build at the end of the run. */
export function teardown(): void {
  made?.remove();
}

/** Compiles the sources without checking their types. It is removed at the end of the process at the latest. */
export async function build(): Promise<Build> {
  // Inside of node_modules, so that packages are found from there.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'test-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const forget = onExit(remove);
  for (const file of ['src', 'sandbox', 'test/support', 'test/crash'].flatMap(sources))
    transpile(file, folder);
  cpSync(join(root, 'sandbox/stand-in/sql'), join(folder, 'sandbox/stand-in/sql'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const { code } = await bundleWorkflows();
  writeFileSync(join(folder, 'src/workflow-bundle.js'), code);
  return {
    folder,
    remove: () => {
      forget();
      remove();
    },
  };
}

function sources(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => join(root, folder, name));
}

function transpile(file: string, folder: string): void {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    },
  });
  const made = join(folder, relative(root, file)).replace(/\.ts$/, '.js');
  mkdirSync(dirname(made), { recursive: true });
  writeFileSync(made, outputText);
}
