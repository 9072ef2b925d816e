import pg from 'pg';

/** A name as SQL takes it, whatever it holds. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** A text as an SQL literal, whatever it holds. */
export function literal(text: string): string {
  return pg.escapeLiteral(text);
}
