import type { ClusterConfig } from '../../config/index.js';
import { blocks, type OperationType, type PreflightAnswer } from '../../contract/index.js';
import { runPreflight } from '../preflight/run-preflight.js';
import { pageOf } from './pages.js';

/** Runs the checks of an operation that is not started. */
export async function inspectPreflight(
  cluster: ClusterConfig,
  type: OperationType,
  nodes: string[],
  page: number,
  isHeld: () => Promise<boolean>,
): Promise<PreflightAnswer> {
  const { transferMode, parallelMoves } = cluster.movement;
  const request = { type, input: nodes.length > 0 ? { nodes } : {}, transferMode, parallelMoves };
  const { checks } = await runPreflight(cluster, request, { reader: 'observer', isHeld });
  const { items, ...next } = pageOf(checks, page);
  return {
    cluster: cluster.name,
    for: type,
    checks: items,
    blockers: checks.filter(blocks).length,
    ...next,
  };
}
