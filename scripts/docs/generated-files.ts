import { readFileSync } from 'node:fs';
import { cliPage } from './cli-page.js';
import { configJsonSchema, configTables } from './config.js';
import { withTables } from './tables.js';
import { workflowsPage } from './workflows-page.js';

/** Every generated file of the checkout, by path, with what it should hold. */
export async function generatedFiles(root: string): Promise<Record<string, string>> {
  const configuration = readFileSync(`${root}docs/configuration.md`, 'utf8');
  return {
    'config.schema.json': `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`,
    'docs/cli.md': await cliPage(root),
    'docs/configuration.md': withTables(configuration, configTables()),
    'docs/workflows.md': workflowsPage(root),
  };
}
