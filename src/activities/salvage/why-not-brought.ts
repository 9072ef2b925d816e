import { RowsChangedError } from '../../citus/salvage/bring-shard.js';

/** SQLSTATEs of what another attempt would meet as well: data, constraints, rights, what Citus doesn't do. */
const lasting = /^(0A|22|23|2F|38|39|42|44|P0)/;

/**
 * Why rows can't be brought over, for what stays so until a person sees to it.
 *
 * @throws any other error
 */
export function whyNotBrought(error: unknown): string {
  if (error instanceof RowsChangedError) return `${error.message}: a trigger may change them`;
  const { code } = error as { code?: unknown };
  if (!(error instanceof Error) || typeof code !== 'string' || !lasting.test(code)) throw error;
  // What says that a value doesn't fit quotes the value.
  return /^(22|38|39|P0)/.test(code)
    ? `a value doesn't fit, or a function failed (SQLSTATE ${code})`
    : `${error.message} (${code})`;
}
