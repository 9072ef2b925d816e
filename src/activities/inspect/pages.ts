/** One page of a list that might be long: pages stay well below the 64 KB that an answer may have. */
export function pageOf<T>(
  items: readonly T[],
  page: number,
  size: number,
): { items: T[]; nextPage?: number } {
  const begin = (page - 1) * size;
  const shown = items.slice(begin, begin + size);
  return begin + size < items.length ? { items: shown, nextPage: page + 1 } : { items: shown };
}
