import { formatSeconds } from '../text/figures.js';

/** A server that may take the place of a dead worker, and where its address comes from. */
export interface Candidate {
  /** `host:port` */
  node: string;
  source: 'given' | 'registered' | 'sample';
}

/** What a server must be to take the place of a dead worker. */
export interface Place {
  dead: { node: string; nodeId: number; groupId: number };
  /** `host:port` of the coordinator, as it is registered. */
  coordinator: string;
  /** System identifiers of the coordinator and the live workers, whose copies can't be the dead worker's. */
  others: readonly string[];
  /** System identifier of the dead worker, where it was noted while it was well. */
  systemIdentifier?: string;
}

/** What a server says of itself, as far as it matters. */
export interface Claims {
  citus: boolean;
  superuser: boolean;
  systemIdentifier: string | null;
  localGroup: number | null;
  nodes: readonly { nodeId: number; groupId: number; node: string; role: string }[];
  missing: readonly string[];
}

/** Shards that are named. */
const mostNamed = 5;

/**
 * What keeps a server from taking the place of a dead worker, if anything. The dead one can't be asked any more, so its
 * copies are known by their own copy of the metadata: the group whose shards they hold, that group's address and node id,
 * and the coordinator.
 */
export function whyNotSuccessor(
  { dead, coordinator, others, systemIdentifier }: Place,
  { citus, superuser, localGroup, nodes, missing, ...own }: Claims,
): string | undefined {
  if (!citus) return 'its database has no Citus';
  if (localGroup !== dead.groupId)
    return `it holds the shards of node group ${localGroup ?? 'none'}, not of ${dead.groupId}: it is no copy of ${dead.node}`;
  const row = nodes.find(({ role, groupId }) => role === 'worker' && groupId === dead.groupId);
  if (row?.nodeId !== dead.nodeId || row.node.toLowerCase() !== dead.node.toLowerCase())
    return `its metadata calls node group ${dead.groupId} ${row?.node ?? 'nothing'}: it is no copy of ${dead.node} of this cluster`;
  const head = nodes.find(({ role }) => role === 'coordinator')?.node;
  if (head?.toLowerCase() !== coordinator.toLowerCase())
    return `its metadata names ${head ?? 'no'} coordinator: it belongs to another cluster`;
  if (own.systemIdentifier !== null && others.includes(own.systemIdentifier))
    return 'it is a copy of another node of this cluster, by its system identifier';
  if (
    systemIdentifier !== undefined &&
    own.systemIdentifier !== null &&
    own.systemIdentifier !== systemIdentifier
  )
    return `its system identifier is ${own.systemIdentifier}, that of ${dead.node} was ${systemIdentifier}`;
  if (missing.length > 0)
    return `it lacks ${missing.length} of the shards that lie on ${dead.node}: ${missing.slice(0, mostNamed).join(', ')}${missing.length > mostNamed ? ' and more' : ''}`;
  if (!superuser) return 'our role is no superuser on it';
  return undefined;
}

/** How current a standby is. */
export interface Currency {
  inRecovery: boolean;
  heardSecondsAgo: number | null;
  heardAt: string | null;
  bytesToApply: number;
}

/** How current a standby is, in words. */
export function currencyText(
  dead: string,
  { inRecovery, heardSecondsAgo, heardAt, ...own }: Currency,
): string {
  const when =
    heardSecondsAgo === null || heardAt === null
      ? undefined
      : `at ${heardAt}, ${formatSeconds(heardSecondsAgo)} ago`;
  if (!inRecovery)
    return `it is promoted already, and got something from ${dead} last ${when ?? 'at a time that it has forgotten'}`;
  const rest = own.bytesToApply > 0 ? `; ${own.bytesToApply} bytes of it are still to be applied` : '';
  return `it got something from ${dead} last ${when ?? 'at a time that it doesn’t tell'}${rest}`;
}

/** Whether a standby may be too far behind: it has heard nothing for longer than that. */
export function isBehind({ heardSecondsAgo }: Currency, mostSeconds: number): boolean {
  return heardSecondsAgo === null || heardSecondsAgo > mostSeconds;
}
