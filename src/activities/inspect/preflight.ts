import type { ClusterConfig } from '../../config/index.js';
import { blocks, type OperationType, type PreflightAnswer } from '../../contract/index.js';
import { startProgram } from '../../machines/provisioner-of.js';
import type { IntentInput } from '../preflight/intent.js';
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
  const request = { type, input: inputOf(cluster, type, nodes), transferMode, parallelMoves };
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

/** Who plans a scale-out and names no server has one started, where a program can. */
function inputOf(cluster: ClusterConfig, type: OperationType, nodes: string[]): IntentInput {
  if (nodes.length > 0) return { nodes };
  return type === 'scaleOut' && startProgram(cluster) !== undefined ? { add: 1 } : {};
}
