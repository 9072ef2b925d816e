import type { InspectWhat } from './names.js';
import type { Balance } from './status/balance.js';
import type { Check } from './checks.js';
import type { Leftover } from './leftover.js';
import type { Move } from './status/plan.js';

/** Answers of the `inspect` workflow, by `what`. Each is one page of at most 64 KB. */
export interface InspectAnswers {
  clusters: ClustersAnswer;
  health: HealthAnswer;
  preflight: PreflightAnswer;
  nodes: NodesAnswer;
  moves: MovesAnswer;
}
/** Any of these answers. */
export type InspectAnswer = InspectAnswers[InspectWhat];

/** One page of an answer. */
export interface Page {
  /** Number of the page that holds the rest; absent on the last one. */
  nextPage?: number;
}

/** The clusters of the worker's config. */
export interface ClustersAnswer extends Page {
  /** One each: name, the coordinator as `host:port`, its database, who starts machines, whether plans need approval. */
  clusters: {
    name: string;
    coordinator: string;
    database: string;
    provisioner: 'command' | 'none';
    approval: 'required' | 'auto';
  }[];
  /** Page of the Temporal UI that lists the operations alone, when the worker's config names that UI. */
  url?: string;
}

/** The state of a cluster. */
export interface HealthAnswer extends Page {
  /** Its name in the config. */
  cluster: string;
  /** `bad`: a check blocks; `attention`: a warning stands out; `good`: neither. */
  verdict: 'good' | 'attention' | 'bad';
  /** Versions of the coordinator. */
  versions: { citus: string; postgres: string };
  /** The registered nodes of this page. */
  nodes: NodeView[];
  /** How many nodes are registered. */
  nodesTotal: number;
  /** How data lies now. */
  balance: Balance;
  /** The operation of ours that holds the cluster. */
  operation?: { id: string; type: string };
  /** Unfinished background jobs of Citus and moves that run, whoever started them. */
  jobs: JobView[];
  /** What earlier moves and operations left behind, as far as it fits. */
  leftovers: Leftover[];
  /** How many leftovers there are. */
  leftoversTotal: number;
  /** What stands out, worst first. */
  checks: Check[];
}

/** A background job of Citus, or a session that moves shards. */
export interface JobView {
  kind: 'job' | 'move';
  /** The job's id in `pg_dist_background_job`. */
  jobId?: number;
  /** The move's process at the coordinator. */
  pid?: number;
  state: string;
  startedAt?: string;
  description: string;
}

/** The checks that an operation would make. */
export interface PreflightAnswer extends Page {
  /** Its name in the config. */
  cluster: string;
  /** The operation's type. */
  for: string;
  /** The checks of this page, worst first. */
  checks: Check[];
  /** How many of all checks block. */
  blockers: number;
}

/** The registered nodes. */
export interface NodesAnswer extends Page {
  /** Its name in the config. */
  cluster: string;
  /** The nodes of this page. */
  nodes: NodeView[];
  /** How many nodes are registered. */
  nodesTotal: number;
}

/** One registered node. */
export interface NodeView {
  /** `host:port` */
  node: string;
  /** `nodeid` in `pg_dist_node`. */
  nodeId: number;
  /** `groupid` in `pg_dist_node`; 0 is the coordinator's. */
  groupId: number;
  role: 'coordinator' | 'worker' | 'secondary';
  active: boolean;
  metadataSynced: boolean;
  shouldHaveShards: boolean;
  /** Version of its PostgreSQL. Absent when the node didn't answer. */
  postgres?: string;
  diskAvailableBytes?: number;
  diskTotalBytes?: number;
  /** Shard placements on it. */
  shards: number;
  /** Size of these placements. Absent when the sizes could not be read. */
  bytes?: number;
}

/** The moves that Citus's planner would make now. */
export interface MovesAnswer extends Page {
  /** Its name in the config. */
  cluster: string;
  /** The moves of this page. */
  moves: Move[];
  /** How many moves there are. */
  movesTotal: number;
}
