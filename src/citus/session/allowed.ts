import picomatch from 'picomatch';
import type { ClusterConfig } from '../../config/index.js';
import { formatAddress, parseAddress, type Address } from '../../text/address.js';

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
  if (cluster.hosts.some((host) => formatAddress({ host, port: cluster.port }) === address)) return true;
  return cluster.allowedNodes.some((pattern) =>
    picomatch.isMatch(address, literalBrackets(pattern), { nonegate: true, noextglob: true, nocase: true }),
  );
}

/** Brackets around an IPv6 host are its spelling, not a class of characters. */
function literalBrackets(pattern: string): string {
  return pattern.replace(/^\[([^\]]*:[^\]]*)\]/, '\\[$1\\]');
}

/**
 * Host and port of a node.
 *
 * @throws NodeNotAllowedError for anything but `host:port`
 */
export function splitNode(cluster: ClusterConfig, node: string): Address {
  const address = parseAddress(node.toLowerCase());
  if (address === undefined) throw new NodeNotAllowedError(cluster.name, node);
  return address;
}
