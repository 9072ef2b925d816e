import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Flavour } from '../flavour.js';
import type { Access } from '../postgres/access.js';

/*
 * A cluster's folder:
 *   cluster.json               what it is; never changes once written
 *   pgpass                     the password, for servers and clients
 *   nodes/<name>/node.json     one server; written before the folder gets its name
 *   nodes/<name>/data          its data folder
 *   nodes/<name>/server.log
 *   provisioner.log            machines started and stopped by the provisioner
 */

/** The record of a cluster, in its folder. */
export interface ClusterRecord {
  flavour: Flavour;
  database: string;
  user: string;
  moveSeconds: number;
  settings: Record<string, string>;
  access: Access;
  /** Whoever listens on it may start and stop provisioned machines. */
  lockPort: number;
}

/** The record of a node, in its folder. */
export interface NodeRecord {
  port: number;
  /** Idempotency key of the request that the provisioner made it for. */
  key?: string;
}

/** Name of the coordinator's folder. */
export const coordinatorName = 'coordinator';

/** The cluster's password file, as in libpq. */
export function passwordFileOf(folder: string): string {
  return join(folder, 'pgpass');
}

/** The folder of all nodes. */
export function nodesFolder(folder: string): string {
  return join(folder, 'nodes');
}

/** The data folder of a node. */
export function dataFolderOf(folder: string, name: string): string {
  return join(nodesFolder(folder), name, 'data');
}

/** Writes a cluster's record. */
export function writeClusterRecord(folder: string, record: ClusterRecord): void {
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(record, null, 2));
}

/** Reads a cluster's record. */
export function readClusterRecord(folder: string): ClusterRecord {
  return readRecord(join(folder, 'cluster.json'));
}

/** Writes a node's record. */
export function writeNodeRecord(nodeFolder: string, record: NodeRecord): void {
  writeFileSync(join(nodeFolder, 'node.json'), JSON.stringify(record));
}

/** Reads a node's record. */
export function readNodeRecord(folder: string, name: string): NodeRecord {
  return readRecord(join(nodesFolder(folder), name, 'node.json'));
}

/** Names of the servers: the coordinator first, then in the order of their numbers. */
export function nodeNames(folder: string): string[] {
  if (!existsSync(nodesFolder(folder))) return [];
  return readdirSync(nodesFolder(folder))
    .filter((name) => !name.startsWith('.'))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true }));
}

/** Data folders of all servers, those that are only half made included. */
export function serversIn(folder: string): string[] {
  if (!existsSync(nodesFolder(folder))) return [];
  return readdirSync(nodesFolder(folder)).map((name) => dataFolderOf(folder, name));
}

function rank(name: string): number {
  return name === coordinatorName ? 0 : 1;
}

/** The files are our own, written whole by the functions above. */
function readRecord<T extends ClusterRecord | NodeRecord>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
