import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The project's own rules on imports; the types of a file say nothing about who may import whom, and take long. */
const eslint = new ESLint({
  cwd: root,
  ruleFilter: ({ ruleId }) => /import/.test(ruleId),
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

/** What lint says of a line in a file that stands. */
async function refusals(file: string, line: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${line}\n`, { filePath: join(root, file) });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? ''}: ${message}`);
}

/** A file of each room, and one to import from it. */
const fileOf: Record<string, string> = {
  text: 'text/figures',
  failures: 'failures',
  contract: 'contract/names',
  planning: 'planning/balance',
  config: 'config/duration',
  citus: 'citus/nodes/nodes',
  machines: 'machines/provisioner',
  activities: 'activities/runtime/context',
  workflows: 'workflows/rebalance',
  client: 'client/list',
  cli: 'cli/io',
  worker: 'worker',
};

const everywhere = ['text', 'failures'];
const mayImport: Record<string, string[]> = {
  text: [],
  failures: ['contract'],
  contract: everywhere,
  planning: [...everywhere, 'contract'],
  config: [...everywhere, 'contract'],
  citus: [...everywhere, 'contract', 'config'],
  machines: [...everywhere, 'contract', 'config'],
  activities: [...everywhere, 'contract', 'planning', 'config', 'citus', 'machines'],
  workflows: [...everywhere, 'contract', 'planning', 'activities'],
  client: [...everywhere, 'contract'],
  cli: [...everywhere, 'contract', 'client'],
};

function importOf(from: string, to: string): string {
  const path = relative(join(root, 'src', from, '..'), join(root, 'src', to));
  return `import type * as wall from '${path.startsWith('.') ? path : `./${path}`}.js';`;
}

describe('who may import whom', () => {
  const rooms = Object.keys(mayImport);
  const targets = Object.keys(fileOf);

  test.each(rooms)('%s imports what it may and nothing else', async (room) => {
    const from = fileOf[room] ?? '';
    for (const other of targets.filter((each) => each !== room)) {
      const said = await refusals(`src/${from}.ts`, importOf(from, fileOf[other] ?? ''));
      if (mayImport[room]?.includes(other)) expect(said, `${room} → ${other}`).toEqual([]);
      else expect(said, `${room} → ${other}`).toEqual([expect.stringContaining('no-restricted-paths')]);
    }
  });

  test.each([
    ['cli/commands/init.ts', 'config/index.js', []],
    ['cli/init/try-config.ts', 'citus/session/connect.js', []],
    ['cli/init/try-config.ts', 'activities/index.js', ['no-restricted-paths']],
    ['cli/commands/worker.ts', 'worker.js', []],
    ['cli/commands/worker.ts', 'citus/session/connect.js', ['no-restricted-paths']],
    ['cli/commands/drain.ts', 'config/index.js', ['no-restricted-paths']],
  ])('%s importing %s', async (file, target, rules) => {
    const path = relative(join(root, 'src', file, '..'), join(root, 'src', target));
    const said = await refusals(`src/${file}`, `import type * as wall from '${path}';`);
    expect(said).toEqual(rules.map((rule) => expect.stringContaining(rule) as unknown));
  });

  test.each(['../sandbox/index.js', '../test/support/histories.js'])('src never imports %s', async (path) => {
    expect(await refusals('src/worker.ts', `export * from '${path}';`)).toEqual([
      expect.stringContaining('no-restricted-paths'),
    ]);
    expect(await refusals('src/cli/app.ts', `export * from '../${path}';`)).toEqual([
      expect.stringContaining('no-restricted-paths'),
    ]);
  });

  test.each([
    ['src/activities/runtime/context.ts', 'pg'],
    ['src/citus/nodes/nodes.ts', 'pg'],
    ['src/workflows/rebalance.ts', 'pg'],
    ['src/workflows/rebalance.ts', 'zod'],
    ['src/workflows/movement/timer.ts', 'node:fs'],
    ['src/workflows/movement/timer.ts', '@temporalio/client'],
    ['src/workflows/movement/timer.ts', '../../activities/index.js'],
    ['src/workflows/movement/timer.ts', '../../contract/schema/inputs.js'],
    ['src/planning/balance.ts', 'node:crypto'],
    ['src/contract/names.ts', 'zod'],
    ['src/contract/internal/request.ts', 'zod'],
    ['src/text/figures.ts', 'node:util'],
    ['src/cli/app.ts', '@temporalio/worker'],
    ['src/client/index.ts', '@temporalio/workflow'],
  ])('%s does not import %s', async (file, module) => {
    expect(await refusals(file, `export { each } from '${module}';`)).toEqual([
      expect.stringContaining('no-restricted-imports'),
    ]);
  });

  test.each([
    ['src/citus/session/db.ts', "import { Client } from 'pg';"],
    ['src/contract/schema/fields.ts', "import { z } from 'zod';"],
    ['src/workflows/movement/timer.ts', "import type * as activities from '../../activities/index.js';"],
    ['src/workflows/movement/timer.ts', "import type { Input } from '../../contract/schema/inputs.js';"],
    ['src/client/index.ts', "import { Client } from '@temporalio/client';"],
  ])('%s may: %s', async (file, line) => {
    expect(await refusals(file, line)).toEqual([]);
  });

  test('what is installed for development only is refused', async () => {
    expect(await refusals('src/worker.ts', "import 'fast-check';")).toEqual([
      expect.stringContaining('no-extraneous-dependencies'),
    ]);
    expect(await refusals('src/worker.ts', "import '@temporalio/worker';")).toEqual([]);
  });

  test('an import that leads nowhere is refused: rules on paths would say nothing of it', async () => {
    expect(await refusals('src/worker.ts', "export * from './wroker.js';")).toEqual([
      expect.stringContaining('no-unresolved'),
    ]);
  });
});

describe('circles', () => {
  test('a file that imports who imports it is refused', async () => {
    const said = await refusals('src/cli/render/text/text.ts', "export * from './room.js';");
    expect(said).toEqual([expect.stringContaining('no-cycle')]);
  });

  test('there is none in the code, types included', () => {
    const files = ['src', 'sandbox', 'test', 'scripts'].flatMap(sourcesIn);
    expect(files.length).toBeGreaterThan(300);
    expect(circles(new Map(files.map((file) => [file, importsOf(file)])))).toEqual([]);
  });

  test('a circle is found however long it is', () => {
    const graph = new Map([
      ['a', ['b', 'd']],
      ['b', ['c']],
      ['c', ['a']],
      ['d', []],
    ]);
    expect(circles(graph)).toEqual(['a → b → c → a']);
  });
});

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name));
}

/** The files that a file imports, also for their types only, which lint passes over. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => join(file, '..', fileName.replace(/\.js$/, '.ts')));
}

function circles(graph: Map<string, string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: string[]): void => {
    const start = way.indexOf(file);
    if (start >= 0) found.push([...way.slice(start), file].map((each) => relative(root, each)).join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
