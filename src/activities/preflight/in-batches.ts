/** Runs `work` for each item, `most` at a time, and keeps their order. */
export async function inBatches<In, Out>(
  items: readonly In[],
  most: number,
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let begin = 0; begin < items.length; begin += most) {
    results.push(...(await Promise.all(items.slice(begin, begin + most).map(work))));
  }
  return results;
}
