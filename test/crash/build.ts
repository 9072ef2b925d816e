import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { onExit } from '../../sandbox/os/on-exit.js';
import { bundleWorkflows } from '../../src/bundle.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What worker processes run: made once, since a case starts many of them and each would spend seconds on it. */
export interface Build {
  /** The program of a worker, as plain JavaScript. */
  program: string;
  /** The bundle of the workflows. */
  workflows: string;
  remove: () => void;
}

export async function build(): Promise<Build> {
  // Inside of node_modules, so that packages are found from there.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'crash-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const forget = onExit(remove);
  for (const file of [...sources('src'), ...sources('test/crash')]) transpile(file, folder);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const { code } = await bundleWorkflows();
  const workflows = join(folder, 'workflows.js');
  writeFileSync(workflows, code);
  return {
    program: join(folder, 'test/crash/worker/main.js'),
    workflows,
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
