import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { configJsonSchema } from '../../scripts/docs/config.js';
import { declarationsIn } from '../../scripts/docs/declarations.js';
import { fieldRows, jsonSchemaOf } from '../../scripts/docs/fields.js';
import { commandGroups } from '../../src/cli/commands/index.js';
import { generatedFiles } from '../../scripts/docs/generated-files.js';
import {
  checkIds,
  errorTypes,
  operationStates,
  operations,
  operationTypes,
  updateFacts,
  updateNames,
  updates,
} from '../../src/contract/index.js';
import { inspectInput, operationInputs } from '../../src/contract/schema/inputs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

test.each(Object.entries(await generatedFiles(root)))('%s is what npm run docs writes', (file, text) => {
  expect(read(file)).toBe(text);
});

const inputs: Record<string, z.ZodType> = { ...operationInputs, inspect: inspectInput };

describe('the reference says what it is', () => {
  test('every field of the config', () => {
    const cluster = configJsonSchema().properties?.['clusters']?.additionalProperties;
    const rows = [
      ...fieldRows(configJsonSchema()),
      ...(typeof cluster === 'object' ? fieldRows(cluster) : []),
    ];
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(([, , , meaning]) => meaning === '')).toEqual([]);
  });

  test.each(Object.entries(inputs))('every field of the input of %s', (_, schema) => {
    const rows = fieldRows(jsonSchemaOf(schema));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter(([, , , meaning]) => meaning === '')).toEqual([]);
  });

  test('every startable workflow', () => {
    const page = read('docs/workflows.md');
    const exported = [...read('src/workflows/index.ts').matchAll(/export \{([^}]*)\}/g)];
    const types = exported.flatMap(([, names = '']) => names.match(/\w+(?=\s*(,|$))/g) ?? []);
    expect(types).toEqual(expect.arrayContaining(['scaleOut', 'inspect', 'lockCluster']));
    // What takes the types that nobody knows is none of them.
    for (const type of types.filter((name) => name !== 'default'))
      expect(page).toMatch(new RegExp(`^## ${type}\n\n[A-Z]`, 'm'));
  });

  test('every state, error type, search attribute and exit code', () => {
    const { lists } = declarationsIn(`${root}src/contract`);
    expect(lists.get('operationStates')?.map(({ name }) => name)).toEqual(operationStates);
    expect(lists.get('errorTypes')?.map(({ name }) => name)).toEqual(errorTypes);
    const exits = declarationsIn(`${root}src/cli`).lists.get('exit') ?? [];
    const described = [
      ...['operationStates', 'errorTypes', 'searchAttributes'].flatMap((name) => lists.get(name) ?? []),
      ...['leftoverKinds', 'governorLimits'].flatMap((name) => lists.get(name) ?? []),
      ...exits,
    ];
    expect(described.length).toBeGreaterThan(35);
    expect(described.filter(({ doc }) => doc === '')).toEqual([]);
  });
});

test.each([
  ['operations', operationTypes],
  ['updates', updateNames],
  ['checks', checkIds],
])('every row of %s says what it is, and the reference has it', (table, names) => {
  const rows = declarationsIn(`${root}src/contract`).lists.get(table) ?? [];
  expect(rows.map(({ name }) => name)).toEqual(names);
  expect(rows.filter(({ doc }) => doc === '')).toEqual([]);
  for (const { name, doc } of rows) {
    const section = table === 'operations' ? `\n## ${name}\n\n${doc}\n` : `\n| \`${name}\` | `;
    expect(read('docs/workflows.md')).toContain(section);
    expect(read('docs/workflows.md')).toContain(doc.replaceAll('|', '\\|'));
  }
});

test('every operation and update has its command in the reference, and each field of an update is told', () => {
  const page = read('docs/cli.md');
  for (const { command, summary } of [...Object.values(operations), ...Object.values(updates)]) {
    expect(page).toContain(`| [${command}](#${command}) | ${summary} |`);
    expect(page).toContain(`\n## ${command}\n`);
  }
  for (const name of updateNames)
    for (const { doc } of Object.values(updateFacts(name).fields)) {
      expect(page).toContain(doc);
      expect(read('docs/workflows.md')).toContain(doc);
    }
});

test.each([
  [{ type: 'number', minimum: 0, maximum: 1 }, 'number, 0 to 1'],
  [{ type: 'number', exclusiveMinimum: 0 }, 'number above 0'],
  [{ type: 'number', exclusiveMinimum: 0, maximum: 100 }, 'number above 0, to 100'],
  [{ type: 'integer', exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'whole number above 0'],
  [{ type: 'integer', minimum: 1, maximum: 64 }, 'whole number, 1 to 64'],
  [{ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, 'whole number from 1'],
])('%j is said as: %s', (field, said) => {
  expect(fieldRows({ properties: { field } })).toEqual([['`field`', said, '', '']]);
});

describe('the page on troubleshooting', () => {
  const rows = read('docs/troubleshooting.md')
    .split('\n')
    .filter((line) => /^\| (?!you see)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const quoted = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, each = '']) => each);
  const source = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(`src/${file}`))
    .join('\n');
  const said = `${source}\n${source.replaceAll('-', ' ')}`;

  test('names symptoms in words that we say', () => {
    const words = rows.flatMap(([, symptom]) => quoted(symptom)).flatMap((text) => text.split('…'));
    const fragments = words.map((text) => text.trim()).filter((text) => /\w/.test(text));
    expect(fragments.length).toBeGreaterThan(20);
    expect(fragments.filter((fragment) => !said.includes(fragment))).toEqual([]);
  });

  test('names commands that there are', () => {
    const named = rows
      .flatMap(([, ...cells]) => cells.flatMap(quoted))
      .flatMap((text) => /^citus-scaler (\S+)/.exec(text)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(8);
    const known = commandGroups.flatMap(({ commands }) => commands.map(({ name }) => name));
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

test('no mark of the source is left in the reference', () => {
  expect(read('docs/workflows.md')).not.toContain('{@link');
});

test.each(Object.entries(inputs))('the examples of %s are valid', (_, schema) => {
  const { examples } = schema.meta() ?? {};
  expect(examples).toEqual(expect.arrayContaining([expect.anything()]));
  for (const example of examples as unknown[])
    expect(schema.safeParse(example)).toMatchObject({ success: true });
});
