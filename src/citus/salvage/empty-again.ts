import { identifier } from '../session/quote.js';

/** How a person empties a server that was a worker, so that it can be one again. */
export function emptyAgain(node: string, database: string): string {
  const name = identifier(database);
  return `on ${node}, in the database postgres: DROP DATABASE ${name} WITH (FORCE); CREATE DATABASE ${name}; and in the new one: CREATE EXTENSION citus;`;
}
