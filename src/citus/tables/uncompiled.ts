import { literal } from '../session/quote.js';

/**
 * A query of one text, named `answer`, for a node, where it isn't compiled: PostgreSQL takes a long query of catalogs for
 * costly, and spends seconds on compiling what runs for 20 ms. A statement can't turn that off for itself, but for a query
 * within it; of the functions that run one `query_to_xml` is there everywhere.
 */
export function uncompiled(query: string): string {
  return withSettings(query, `set_config('jit', 'off', true) = 'off'`);
}

/** The same, where every name that the answer has says its schema. */
export function uncompiledInFull(query: string): string {
  return withSettings(query, `set_config('jit', 'off', true) || set_config('search_path', '', true) = 'off'`);
}

function withSettings(query: string, settings: string): string {
  return `SELECT query_to_xml(${literal(query)}, false, true, '')::text FROM (SELECT ${settings} AS isset OFFSET 0) s WHERE isset`;
}

/** The text that an {@link uncompiled} query answered. */
export function answerIn(xml: string): string {
  const [, text = ''] = /<answer>([^]*)<\/answer>/.exec(xml) ?? [];
  return text.replace(/&(lt|gt|amp|#x0d);/g, (_, name: string) => entities[name] ?? '');
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', '#x0d': '\r' };
