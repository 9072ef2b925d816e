import { readFileSync } from 'node:fs';
import { cliPage } from './cli-page.js';
import { configJsonSchema, configTables } from './config.js';
import { combinations } from '../../src/contract/index.js';
import { table, withTables } from './tables.js';
import { workflowsPage } from './workflows-page.js';

/** Every generated file of the checkout, by path, with what it should hold. */
export async function generatedFiles(root: string): Promise<Record<string, string>> {
  const configuration = readFileSync(`${root}docs/configuration.md`, 'utf8');
  return {
    'config.schema.json': `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`,
    'docs/cli.md': await cliPage(root),
    'docs/configuration.md': withTables(configuration, configTables()),
    'docs/versions.md': withTables(readFileSync(`${root}docs/versions.md`, 'utf8'), {
      combinations: combinationsTable(),
    }),
    'docs/workflows.md': workflowsPage(root),
  };
}

/** Citus by PostgreSQL: what was tried of each. */
function combinationsTable(): string {
  const postgres = [...new Set(combinations.map((row) => row.postgres))].sort();
  const citus = [...new Set(combinations.map((row) => row.citus))];
  const cell = (one: string, other: number): string => {
    const row = combinations.find((each) => each.citus === one && each.postgres === other);
    return row === undefined ? '–' : (row.tried ?? 'untried');
  };
  return table(
    ['', ...postgres.map((each) => `PostgreSQL ${each}`)],
    citus.map((one) => [`Citus ${one}`, ...postgres.map((other) => cell(one, other))]),
  );
}
