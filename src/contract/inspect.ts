import type { InspectWhat } from './names.js';
import type { Balance } from './balance.js';
import type { Check } from './checks.js';
import type { Leftover } from './leftover.js';
import type { Move } from './status.js';

/** Answers of the `inspect` workflow, by `what`. Each is one page of at most 64 KB. */
export interface InspectAnswers {
  clusters: ClustersAnswer;
  health: HealthAnswer;
  preflight: PreflightAnswer;
  nodes: NodesAnswer;
  moves: MovesAnswer;
}
export type InspectAnswer = InspectAnswers[InspectWhat];

export interface Page {
  /** Number of the page that holds the rest; absent on the last one. */
  nextPage?: number;
}

export interface ClustersAnswer extends Page {
  clusters: {
    name: string;
    coordinator: string;
    database: string;
    provisioner: 'command' | 'none';
    approval: 'required' | 'auto';
  }[];
}

export interface HealthAnswer extends Page {
  cluster: string;
  verdict: 'good' | 'attention' | 'bad';
  versions: { citus: string; postgres: string };
  nodes: NodeView[];
  nodesTotal: number;
  balance: Balance;
  /** Unfinished background jobs of Citus and moves that run, whoever started them. */
  jobs: JobView[];
  /** What earlier moves and operations left behind, as far as it fits. */
  leftovers: Leftover[];
  /** Of all. */
  leftoversTotal: number;
  /** What stands out, worst first. */
  checks: Check[];
}

/** A background job of Citus, or a session that moves shards. */
export interface JobView {
  kind: 'job' | 'move';
  /** Of a job, in `pg_dist_background_job`. */
  jobId?: number;
  /** Of a move: its process at the coordinator. */
  pid?: number;
  state: string;
  startedAt?: string;
  description: string;
}

export interface PreflightAnswer extends Page {
  cluster: string;
  for: string;
  checks: Check[];
  blockers: number;
}

export interface NodesAnswer extends Page {
  cluster: string;
  nodes: NodeView[];
  nodesTotal: number;
}

export interface NodeView {
  node: string;
  nodeId: number;
  groupId: number;
  role: 'coordinator' | 'worker' | 'secondary';
  active: boolean;
  metadataSynced: boolean;
  shouldHaveShards: boolean;
  /** Absent when the node didn't answer. */
  postgres?: string;
  diskAvailableBytes?: number;
  diskTotalBytes?: number;
  shards: number;
  /** Absent when the sizes could not be read. */
  bytes?: number;
}

export interface MovesAnswer extends Page {
  cluster: string;
  /** What Citus's planner would move now. */
  moves: Move[];
  movesTotal: number;
}
