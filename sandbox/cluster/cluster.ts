import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { QueryResultRow } from 'pg';
import { findFlavour, type Flavour } from '../flavour.js';
import { onExit } from '../os/on-exit.js';
import { freePort } from '../os/ports.js';
import { makeSandboxFolder } from '../os/sandbox-folder.js';
import { endAndRemove, sweepLeftovers } from '../os/sweep.js';
import { findBinaries } from '../postgres/binaries.js';
import type { Access } from '../postgres/access.js';
import { superuser, template } from '../postgres/template.js';
import {
  coordinatorName,
  nodeNames,
  passwordFileOf,
  readClusterRecord,
  writeClusterRecord,
} from './layout.js';
import { makeNode, type NewNode } from './make-node.js';
import { openNode, type SandboxNode } from './node.js';
import { readPassword, writePassword } from './password.js';
import { registerAll } from './register.js';

/** `hba` and `tls`: who may log in to each server, and how. */
export interface StartOptions extends Access {
  flavour?: Flavour | undefined;
  workers: number;
  /** Default `app`. */
  database?: string | undefined;
  /** Must be empty or not exist; default a new one for temporary files. */
  folder?: string | undefined;
  /** Stand-in: seconds that a move lasts at least. Real Citus takes the time it takes. */
  moveSeconds?: number | undefined;
  /** Settings of every server, added to `postgresql.conf`. */
  settings?: Record<string, string> | undefined;
  /** The cluster outlives this process, until someone calls `openCluster(folder).stop()`. */
  detached?: boolean | undefined;
}

/** The node to add. */
export interface AddNodeOptions {
  /** Whether the database has the citus extension. Default true. */
  extension?: boolean | undefined;
  /** Idempotency key to remember with it, and its name. */
  key?: string | undefined;
  name?: string | undefined;
}

/** A running cluster. */
export interface SandboxCluster {
  readonly flavour: Flavour;
  readonly folder: string;
  readonly coordinator: SandboxNode;
  /** All other servers in the order they were made, registered or not. Grows by `addNode`. */
  readonly workers: SandboxNode[];
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** For PGPASSFILE. */
  readonly passwordFile: string;
  /** One more running server with the extension in the database, NOT registered with the cluster. */
  addNode(options?: AddNodeOptions): Promise<SandboxNode>;
  /** One more running server: a streaming standby of this one, NOT registered with the cluster. */
  standbyOf(primary: SandboxNode, options?: Pick<AddNodeOptions, 'key' | 'name'>): Promise<SandboxNode>;
  /** Runs one statement on the coordinator. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Stops all servers, those that other processes added too, and removes the folder. */
  stop(): Promise<void>;
}

/** Starts a cluster. */
export async function startCluster(options: StartOptions): Promise<SandboxCluster> {
  sweepLeftovers();
  const { flavour } = findFlavour(options.flavour);
  const database = options.database ?? 'app';
  const folder = makeSandboxFolder(options);
  const forget = options.detached ? undefined : onExit(() => endAndRemove(folder));
  try {
    const { moveSeconds = 0, settings = {}, hba, tls } = options;
    writeClusterRecord(folder, {
      flavour,
      database,
      user: superuser,
      moveSeconds,
      settings,
      access: { hba, tls },
      lockPort: await freePort(),
    });
    writePassword(folder);
    // Once, before all servers want it at the same time.
    await template(flavour, database, findBinaries(flavour));
    const names = Array.from({ length: options.workers }, (_, index) => `worker-${index + 1}`);
    const ports = await portsInOrder(names.length + 1);
    await Promise.all(
      [coordinatorName, ...names].map((name, index) => startNewNode(folder, { name, port: ports[index] })),
    );
    const cluster = openCluster(folder, forget);
    await registerAll(cluster);
    return cluster;
  } catch (error) {
    forget?.();
    endAndRemove(folder);
    throw error;
  }
}

/** Finds a cluster that runs already, also one that another process started. */
export function openCluster(folder: string, forget?: () => void): SandboxCluster {
  const place = resolve(folder);
  const { flavour, database, user } = readClusterRecord(place);
  const coordinator = openNode(place, coordinatorName);
  const others = nodeNames(place).filter((name) => name !== coordinatorName);
  const workers = others.map((name) => openNode(place, name));
  return {
    flavour,
    folder: place,
    coordinator,
    workers,
    database,
    user,
    password: readPassword(place),
    passwordFile: passwordFileOf(place),
    addNode: async (options = {}) => {
      const node = await addNode(place, options);
      workers.push(node);
      return node;
    },
    standbyOf: async (primary, { key, name = 'standby-' } = {}) => {
      const node = openNode(place, await makeNode(place, { name, key, standbyOf: primary }));
      await node.start();
      workers.push(node);
      return node;
    },
    query: (text, values) => coordinator.query(text, values),
    stop: async () => {
      const nodes = existsSync(place) ? nodeNames(place).map((name) => openNode(place, name)) : [];
      await Promise.all(nodes.map((node) => node.stop('immediate')));
      endAndRemove(place);
      forget?.();
    },
  };
}

async function addNode(
  folder: string,
  { extension = true, key, name = 'worker-' }: AddNodeOptions,
): Promise<SandboxNode> {
  const node = await startNewNode(folder, { name, key });
  if (!extension) await node.query('DROP EXTENSION citus CASCADE');
  return node;
}

async function startNewNode(folder: string, newNode: NewNode): Promise<SandboxNode> {
  const node = openNode(folder, await makeNode(folder, newNode));
  await node.start();
  // Copies of one template would take each other for the same server: "Node cannot add itself as a worker".
  await node.query(
    `UPDATE pg_dist_node_metadata SET metadata = jsonb_set(metadata, '{server_id}', to_jsonb(gen_random_uuid()::text))`,
  );
  return node;
}

/** Citus deals shards out by address, so that ports in order make where they go the same every time. */
async function portsInOrder(count: number): Promise<number[]> {
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  return ports.sort((a, b) => a - b);
}
