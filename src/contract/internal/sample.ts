/** Workflow type that samples a cluster: a Temporal Schedule starts it each hour. */
export const sampleType = 'sampleCluster';

/** Id of the Temporal Schedule that samples a cluster. */
export function sampleScheduleId(cluster: string): string {
  return `citus-scaler/samples/${cluster}`;
}

/** What a cluster's workers hold, as it was when they were well: once a worker is dead nobody can ask it. */
export interface Sample {
  /** ISO 8601 UTC. */
  takenAt: string;
  nodes: NodeSample[];
  /** Tables of nodes that had no room, the smallest. */
  leftOut: number;
  /** Why no newer one could be taken. */
  trouble?: string;
}

/** What a node held when it last answered. */
export interface NodeSample {
  /** `host:port` */
  node: string;
  groupId: number;
  /** ISO 8601 UTC; earlier than the whole sample's when it has not answered since. */
  takenAt: string;
  /** System identifier of its server; absent where the role may not ask for it. */
  systemIdentifier?: string;
  standbys: StandbySample[];
  tables: TableSample[];
}

/** A server that streamed from the node. */
export interface StandbySample {
  /** Its `application_name`. */
  name: string;
  /** Its address, without a port, which the node doesn't know; absent for one that came over a Unix socket. */
  host?: string;
  /** Bytes that it still had to replay. */
  behindBytes: number;
}

/** The part of a table that a node held. */
export interface TableSample {
  /** `orders` for tables in `public`, else `schema.table`. */
  table: string;
  shards: number;
  /** Estimated rows; absent where nothing was known. */
  rows?: number;
  bytes: number;
}

/** What a dead node held, as the last sample has it. */
export function sampleOf(
  sample: Sample | undefined,
  node: { node: string; groupId: number },
): NodeSample | undefined {
  return sample?.nodes.find(({ groupId, node: name }) => groupId === node.groupId && name === node.node);
}
