import { listOf } from './check.js';

/** Something that is so, or is to be done, on a node. */
export interface OnNode {
  node: string;
  what: string;
}

/** `a, b and 4 more: what`, each once: what is the same on many nodes is said once. */
export function sayByNodes(all: readonly OnNode[], most = 10): string {
  const groups = byWhat(all);
  const lines = groups.slice(0, most).map(([what, nodes]) => `${listOf(nodes, 3)}: ${what}`);
  return groups.length > most ? `${lines.join('; ')}; and ${groups.length - most} more` : lines.join('; ');
}

/**
 * What to run on which nodes, as a superuser. On workers Citus refuses ALTER ROLE and ALTER DATABASE while it would
 * propagate them, and on the coordinator what is meant for it alone must not reach the others (measured,
 * docs/citus.md). A session may itself be read-only, or act as another role.
 */
export function mendOnNodes(all: readonly OnNode[]): string {
  return runOnNodes(all, `${before} `);
}

/** The same for statements that Citus sends to nobody and that change no row, such as ALTER SYSTEM. */
export function setOnNodes(all: readonly OnNode[]): string {
  return runOnNodes(all, '');
}

function runOnNodes(all: readonly OnNode[], first: string): string {
  const byNode = new Map<string, Set<string>>();
  for (const { node, what } of all) byNode.set(node, (byNode.get(node) ?? new Set()).add(what));
  const groups = byWhat([...byNode].map(([node, statements]) => ({ node, what: [...statements].join(' ') })));
  return `as a superuser, ${groups
    .slice(0, 5)
    .map(([statements, nodes]) => `on ${listOf(nodes, 20)}: ${first}${statements}`)
    .join(' — ')}`;
}

const before =
  'SET ROLE NONE; SET default_transaction_read_only = off; SET citus.enable_ddl_propagation = off;';

function byWhat(all: readonly OnNode[]): [what: string, nodes: string[]][] {
  const groups = new Map<string, Set<string>>();
  for (const { node, what } of all) groups.set(what, (groups.get(what) ?? new Set()).add(node));
  return [...groups].map(([what, nodes]) => [what, [...nodes]]);
}
