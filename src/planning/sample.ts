import type { NodeSample, Sample } from '../contract/internal/sample.js';

/** Characters of JSON: a payload should stay below 64 KB, and this one is carried from run to run. */
const mostCharacters = 60_000;

/**
 * The new sample: nodes that answered as they are, those that didn't as the last sample has them, for as long as they are
 * registered.
 *
 * @param registered every worker
 */
export function nextSample(
  takenAt: string,
  registered: readonly { node: string; groupId: number }[],
  answers: readonly NodeSample[],
  last: Sample | undefined,
): Sample {
  const nodes = registered.flatMap(({ node, groupId }) => {
    const isIt = (each: NodeSample): boolean => each.groupId === groupId && each.node === node;
    return answers.find(isIt) ?? last?.nodes.find(isIt) ?? [];
  });
  return fitted({ takenAt, nodes, leftOut: 0 });
}

/** The sample without its smallest tables, until it fits. */
function fitted(sample: Sample): Sample {
  const tables = sample.nodes.flatMap(({ tables: own }) => own).sort((a, b) => b.bytes - a.bytes);
  let size = JSON.stringify({
    ...sample,
    nodes: sample.nodes.map((node) => ({ ...node, tables: [] })),
  }).length;
  const kept = new Set(
    tables.filter((table) => (size += JSON.stringify(table).length + 1) <= mostCharacters),
  );
  return {
    ...sample,
    nodes: sample.nodes.map((node) => ({ ...node, tables: node.tables.filter((table) => kept.has(table)) })),
    leftOut: tables.length - kept.size,
  };
}
