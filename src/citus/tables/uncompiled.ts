import { literal } from '../session/quote.js';

/**
 * A query of one text, named `answer`, for a node, where it isn't compiled: PostgreSQL takes a long query of catalogs for
 * costly, and spends seconds on compiling what runs for 20 ms. A statement can't turn that off for itself, but for a query
 * within it; of the functions that run one `query_to_xml` is there everywhere.
 */
export function uncompiled(query: string): string {
  return `SELECT query_to_xml(${literal(query)}, false, true, '')::text FROM (SELECT set_config('jit', 'off', true) AS jit OFFSET 0) s WHERE jit = 'off'`;
}

/** The text that an {@link uncompiled} query answered. */
export function answerIn(xml: string): string {
  const [, text = ''] = /<answer>([^]*)<\/answer>/.exec(xml) ?? [];
  return text.replace(/&(lt|gt|amp|#x0d);/g, (_, name: string) => entities[name] ?? '');
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', '#x0d': '\r' };
