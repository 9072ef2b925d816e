import { z } from 'zod';
import { code } from './tables.js';

/** The part of JSON Schema that zod writes for our schemas. */
export interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  maxLength?: number;
  items?: JsonSchema;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  [keyword: string]: unknown;
}

/** The JSON Schema of what may be written, as opposed to what comes out of it. Draft 7 is what editors know best. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

/** A row for each field: name, type, default, meaning. Fields of a mapping follow it, by their path. */
export function fieldRows(schema: JsonSchema, parent = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${parent}${name}`;
    const needed = schema.required?.includes(name) === true;
    const row = [code(path), typeOf(field), defaultOf(field, needed), field.description ?? ''];
    return [row, ...fieldRows(field, `${path}.`), ...fieldRows(field.items ?? {}, `${path}[].`)];
  });
}

function defaultOf(field: JsonSchema, needed: boolean): string {
  if (needed) return 'required';
  if (field.default === undefined || JSON.stringify(field.default) === '{}') return '';
  return code(typeof field.default === 'string' ? field.default : JSON.stringify(field.default));
}

function typeOf(field: JsonSchema): string {
  if (field.enum) return field.enum.map((value) => code(String(value))).join(', ');
  switch (field.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return numbers('whole number', field);
    case 'number':
      return numbers('number', field);
    case 'string':
      return field.maxLength === undefined ? 'text' : `text, at most ${field.maxLength} characters`;
    case 'array':
      return `list of ${plural(typeOf(field.items ?? {}))}`;
    default:
      return 'mapping';
  }
}

/** Zod bounds every whole number by what JavaScript can hold. */
function numbers(kind: string, { minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && most !== undefined) return `${kind}, ${minimum} to ${most}`;
  const bounds = [
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(most === undefined ? [] : [`to ${most}`]),
  ];
  return [kind, bounds.join(', ')].join(' ').trim();
}

function plural(type: string): string {
  return type === 'mapping'
    ? 'mappings'
    : type.replace(/^text(, )?/, (_, more?: string) => (more === undefined ? 'texts' : 'texts, each '));
}
