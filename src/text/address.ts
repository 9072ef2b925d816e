/** Where a server listens. A host is a name or an IP address, an IPv6 one without brackets, as `pg_dist_node` has it. */
export interface Address {
  host: string;
  port: number;
}

const name = '[A-Za-z0-9_][A-Za-z0-9_.-]*';
const ipv6 = '[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,8}';

/** A host name or an IP address. Whether an IPv6 address is one isn't looked at closely. */
export const hostPattern = new RegExp(`^(?:${name}|${ipv6})$`);

/** `db3:5432`, `[fd00::3]:5432` */
export const addressPattern = new RegExp(`^(?:${name}|\\[${ipv6}\\]):\\d{1,5}$`);

/** `host:port`, where an IPv6 host has brackets. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Reads `host:port` that somebody gave; undefined when it is none, or its port is outside of 1 to 65535. */
export function parseAddress(text: string): Address | undefined {
  if (!addressPattern.test(text)) return undefined;
  const address = addressOf(text);
  return address.port >= 1 && address.port <= 65_535 ? address : undefined;
}

/** Host and port of a node's `host:port`, whatever its host is called. */
export function addressOf(node: string): Address {
  const cut = node.lastIndexOf(':');
  return { host: node.slice(0, cut).replace(/^\[(.*)\]$/, '$1'), port: Number(node.slice(cut + 1)) };
}
