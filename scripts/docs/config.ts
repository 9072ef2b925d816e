import { configSchema } from '../../src/config/schema.js';
import { fieldRows, jsonSchemaOf, type JsonSchema } from './fields.js';
import { table } from './tables.js';

const head = ['key', 'type', 'default', 'meaning'];

/** The package's `config.schema.json`, for editors. */
export function configJsonSchema(): JsonSchema {
  return { ...jsonSchemaOf(configSchema), title: 'Config of the citus-scaler worker' };
}

/** The tables of docs/configuration.md. */
export function configTables(): Record<string, string> {
  const { cluster, top } = parts(configJsonSchema());
  return { 'top level': table(head, fieldRows(top)), cluster: table(head, fieldRows(cluster)) };
}

function parts(schema: JsonSchema): { top: JsonSchema; cluster: JsonSchema } {
  const cluster = schema.properties?.['clusters']?.additionalProperties;
  if (typeof cluster !== 'object') throw new Error('The schema of the config has no clusters.');
  return { top: schema, cluster };
}
