import picomatch from 'picomatch';
import type { ClusterConfig } from '../../config/index.js';

/** Nobody said that this server may be connected to. */
export class NodeNotAllowedError extends Error {
  override readonly name = 'NodeNotAllowedError';
  constructor(
    readonly cluster: string,
    readonly node: string,
  ) {
    super(
      `${node} may not be connected to: it is no registered node of cluster "${cluster}" and no pattern of its allowedNodes matches it.`,
    );
  }
}

/**
 * Whether the config itself allows a server. A caller who could name any host could collect the password there,
 * so an input never widens this; nodes that the cluster's own catalog names are allowed besides.
 */
export function allowedByConfig(cluster: ClusterConfig, node: string): boolean {
  const address = node.toLowerCase();
  if (cluster.hosts.some((host) => `${host}:${cluster.port}` === address)) return true;
  return cluster.allowedNodes.some((pattern) =>
    picomatch.isMatch(address, pattern, { nonegate: true, noextglob: true, nocase: true }),
  );
}

/** @throws NodeNotAllowedError for anything but `host:port` */
export function splitNode(cluster: ClusterConfig, node: string): { host: string; port: number } {
  const match = /^([A-Za-z0-9_][A-Za-z0-9_.-]*):(\d{1,5})$/.exec(node);
  const [, host, port] = match ?? [];
  if (host === undefined || port === undefined) throw new NodeNotAllowedError(cluster.name, node);
  return { host: host.toLowerCase(), port: Number(port) };
}
