import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCluster, type SandboxCluster } from '../../sandbox/cluster/cluster.js';
import type { OperationReport } from '../../src/contract/index.js';
import { fingerprint } from '../support/stage.js';
import { leftovers } from './leftovers.js';

/** All that the end of an operation is compared by; servers by their names, since ports differ from case to case. */
export interface Ending {
  outcome: string;
  report: { state: string; movedShardGroups: number; steps: string[]; notes: string[]; undo: string[] };
  /** Registered nodes: `name: flags, shards`. */
  nodes: string[];
  /** Moves of the plan whose shards are somewhere else. */
  misplaced: string[];
  machines: { log: string[]; running: string[] };
  /** What ALTER SYSTEM has set, in each server's postgresql.auto.conf. */
  settings: string[];
  /** Open workflows. */
  open: string[];
  leftovers: string[];
  rows: Record<string, string>;
  /** State in the report that is kept as a file. */
  kept: string;
}

/** What an operation had no business to change. */
export type Untouched = Pick<Ending, 'settings' | 'rows'>;

/** What a case begins with. */
export interface Beginning extends Untouched {
  nodes: string[];
  /** Of the provisioner's machines. */
  running: string[];
}

export async function readBeginning(cluster: SandboxCluster): Promise<Beginning> {
  return {
    ...(await readUntouched(cluster)),
    nodes: await nodes(cluster, namer(cluster)),
    running: machines(cluster),
  };
}

async function readUntouched(cluster: SandboxCluster): Promise<Untouched> {
  const servers = [cluster.coordinator, ...cluster.workers];
  return {
    settings: servers.flatMap((node) => settings(node.dataFolder).map((line) => `${node.name}: ${line}`)),
    rows: await fingerprint(cluster).catch((error: unknown) => ({ all: `can't be read: ${String(error)}` })),
  };
}

/** What the end of an operation is, as seen by nobody but PostgreSQL, the file system and Temporal. */
export async function observeEnding(
  folder: string,
  outcome: string,
  report: OperationReport,
  open: string[],
): Promise<Ending> {
  const cluster = openCluster(folder);
  const named = namer(cluster, report.operation);
  return {
    outcome: named(outcome),
    report: {
      state: report.state,
      movedShardGroups: report.movedShardGroups,
      steps: report.steps.map(({ name, state }) => named(`${name}: ${state}`)),
      notes: report.notes.map(named).sort(),
      undo: (report.undo ?? []).map(({ kind, what }) => named(`${kind}: ${what}`)),
    },
    nodes: await nodes(cluster, named),
    misplaced: report.state === 'done' ? await misplaced(cluster, report, named) : [],
    machines: {
      log: logged(folder).map(named),
      running: machines(cluster),
    },
    open,
    leftovers: (await leftovers(cluster)).map(named),
    ...(await readUntouched(cluster)),
    kept: kept(folder, report.operation),
  };
}

function machines({ workers }: SandboxCluster): string[] {
  return workers
    .filter(({ key }) => key !== undefined)
    .map((node) => `${node.name}: ${node.isRunning() ? 'runs' : 'stopped'}`);
}

/** Puts names for addresses and for the operation's own id. */
function namer({ coordinator, workers }: SandboxCluster, operation = 'OPERATION'): (text: string) => string {
  return (text) =>
    [coordinator, ...workers]
      .reduce((said, { address, name }) => said.replaceAll(address, name), text)
      .replaceAll(operation, 'OPERATION');
}

async function nodes(cluster: SandboxCluster, named: (text: string) => string): Promise<string[]> {
  const rows = await cluster.query<{ node: string; flags: string; shards: number }>(
    `select n.nodename || ':' || n.nodeport as node,
            concat_ws(' ', n.noderole, case when n.isactive then 'active' end, case when n.hasmetadata then 'metadata' end,
              case when n.metadatasynced then 'synced' end, case when n.shouldhaveshards then 'shards' end) as flags,
            (select count(*)::int from pg_dist_placement p where p.groupid = n.groupid) as shards
       from pg_dist_node n order by n.groupid`,
  );
  return rows.map(({ node, flags, shards }) => `${named(node)}: ${flags}, ${shards}`);
}

async function misplaced(
  cluster: SandboxCluster,
  { plan }: OperationReport,
  named: (text: string) => string,
): Promise<string[]> {
  const rows = await cluster.query<{ shard: number; node: string }>(
    `select p.shardid::int as shard, n.nodename || ':' || n.nodeport as node from pg_dist_placement p join pg_dist_node n using (groupid)`,
  );
  const where = new Map(rows.map(({ shard, node }) => [shard, node]));
  return (plan?.moves ?? []).flatMap(({ shardIds, to }) =>
    shardIds
      .filter((shard) => where.get(shard) !== to)
      .map((shard) => named(`${shard} is on ${where.get(shard) ?? 'none'}, not on ${to}`)),
  );
}

function logged(folder: string): string[] {
  const file = join(folder, 'provisioner.log');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

function kept(folder: string, operation: string): string {
  const file = join(folder, 'reports', `${operation}.json`);
  if (!existsSync(file)) return 'no file';
  return (JSON.parse(readFileSync(file, 'utf8')) as OperationReport).state;
}

function settings(dataFolder: string): string[] {
  const file = join(dataFolder, 'postgresql.auto.conf');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !/^(#|stand_in\.|primary_)/.test(line))
    .sort();
}
