import { randomBytes } from 'node:crypto';

/** `20261122T101502Z` */
function stamp(now: Date): string {
  return now.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** The workflow id of a new operation: `<cluster>/<type>/<UTC timestamp>-<4 random>`. */
export function operationId(cluster: string, type: string, now = new Date()): string {
  return `${cluster}/${type}/${stamp(now)}-${randomBytes(2).toString('hex')}`;
}

/** The cluster that an id of our making names. */
export function clusterOfId(id: string): string | undefined {
  return /^([A-Za-z0-9_-]{1,64})\/[A-Za-z]+\/\d{8}T\d{6}Z-[0-9a-f]{4}$/.exec(id)?.[1];
}
