/** An answer may have 64 KB in all; its list takes at most this much of it. */
const listBytes = 28_000;

/**
 * A page of a list that might be long. Pages are cut by size, not by number: a shard group of a schema with many
 * tables is a hundred times as long as a small one.
 *
 * @param page from 1; one that doesn't exist is empty
 */
export function pageOf<T>(items: readonly T[], page: number): { items: T[]; nextPage?: number } {
  let begin = 0;
  for (let number = 1; ; number += 1) {
    const end = endOfPage(items, begin);
    if (number === page || end >= items.length) {
      const slice = number === page ? items.slice(begin, end) : [];
      return end < items.length ? { items: slice, nextPage: page + 1 } : { items: slice };
    }
    begin = end;
  }
}

/** Index behind the last item of the page that begins at `begin`; a page has one item at least. */
function endOfPage(items: readonly unknown[], begin: number): number {
  let bytes = 0;
  let end = begin;
  while (end < items.length) {
    bytes += Buffer.byteLength(JSON.stringify(items[end])) + 1;
    if (bytes > listBytes && end > begin) break;
    end += 1;
  }
  return end;
}

/** The first items of a list that is no page of its own. */
export function firstBytes<T>(items: readonly T[], most: number): T[] {
  let bytes = 0;
  return items.filter((item) => (bytes += Buffer.byteLength(JSON.stringify(item)) + 1) <= most);
}
