import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import {
  blocks,
  checkFacts,
  checkIds,
  isOperationType,
  type Check,
  type CheckId,
  type Remedy,
} from '../../../src/contract/index.js';
import { operationInputs } from '../../../src/contract/schema/inputs.js';
import { follow } from '../../support/follow-remedy.js';
import { flavour, mark } from '../../support/stage.js';
import { preflightOf, startWithOrders, type Wishes } from '../preflight/support.js';
import { byPeople, elsewhere } from './elsewhere.js';

/** What makes a check block, and what puts it right. */
interface Case {
  id: CheckId | CheckId[];
  /** Default: its id. */
  name?: string;
  real?: true;
  break?: () => Promise<unknown>;
  look: () => Wishes;
  /** How its remedy is followed besides running its SQL; default: not at all. */
  follow?: () => Promise<unknown>;
  /** The coordinator that its SQL is meant for, where it is another. */
  server?: () => SandboxNode;
  /** The look by which it passes, where it is another. */
  again?: (check: Check) => Wishes;
  mend?: () => Promise<unknown>;
}

const isReal = findFlavour(flavour).flavour === 'citus';
let cluster: SandboxCluster;
let worker: SandboxNode;
let other: SandboxNode;
let fresh: SandboxNode;
beforeAll(async () => {
  cluster = await startWithOrders();
  const [first, second] = cluster.workers;
  if (!first || !second) throw new Error('no worker');
  [worker, other] = [first, second];
  fresh = await cluster.addNode();
});
afterAll(() => cluster.stop());

const sql = (text: string, values: unknown[] = []) => cluster.query(text, values);
const leaves = (more: object = {}): Wishes => [
  { nodes: [worker.address], ...more },
  { type: 'removeWorker' },
];
const isolates = (more: object = {}): Wishes => [
  { node: worker.address, ...more },
  { type: 'isolateWorker' },
];
const stopSync = () => sql('SELECT stop_metadata_sync_to_node($1, $2)', [worker.host, worker.port]);
const startSync = () => sql('SELECT start_metadata_sync_to_node($1, $2)', [worker.host, worker.port]);
const restart = async (node: SandboxNode): Promise<void> => {
  await node.stop();
  await node.start();
};
/** As a name server does that has mixed up two of them. */
const swapAddresses = async (): Promise<void> => {
  for (const [from, to] of [
    [worker.port, 1],
    [other.port, worker.port],
    [1, other.port],
  ])
    await sql('UPDATE pg_dist_node SET nodeport = $2 WHERE nodeport = $1', [from, to]);
};
const alone = 'SET citus.enable_ddl_propagation = off';

/** Nodes are named as the remedy names them. */
const named = ({ remedy }: Check): string[] => remedy?.text.match(/127\.0\.0\.1:\d+/g) ?? [];

/** Too little of everything that a restart changes. */
const tooLittle = {
  'replication-slots': 'max_replication_slots = 1',
  'wal-senders': 'max_wal_senders = 1',
  'wal-level': 'wal_level = replica',
  'worker-processes': 'max_logical_replication_workers = 0',
  'prepared-transactions': 'max_prepared_transactions = 1',
} as const satisfies Partial<Record<CheckId, string>>;

const cases: Case[] = [
  { id: 'metadata-synced', break: stopSync, look: () => [] },
  {
    id: 'metadata-synced',
    name: 'metadata-synced, one that is behind',
    break: () => sql(`UPDATE pg_dist_node SET metadatasynced = false WHERE nodeport = ${worker.port}`),
    look: () => [],
  },
  {
    id: 'metadata-synced',
    name: 'metadata-synced, one that doesn’t know that it is behind',
    real: true,
    break: () =>
      worker.query(
        'DELETE FROM pg_dist_placement WHERE shardid = (SELECT min(shardid) FROM pg_dist_placement)',
      ),
    look: () => [],
  },
  {
    id: 'node-identity',
    name: 'node-identity, a standby',
    real: true,
    break: async () => {
      await worker.stop();
      writeFileSync(join(worker.dataFolder, 'standby.signal'), '');
      await worker.start();
    },
    look: () => [],
  },
  {
    id: 'node-identity',
    name: 'node-identity, one that is at the address of another',
    break: () => swapAddresses(),
    look: () => [],
    follow: () => swapAddresses(),
  },
  {
    id: 'nodes-active',
    name: 'nodes-active, a dead one',
    break: () => worker.stop('immediate'),
    look: () => [],
    // What isolateWorker does.
    follow: stopSync,
    mend: async () => {
      await worker.start();
      await startSync();
    },
  },
  {
    id: 'nodes-active',
    name: 'nodes-active, an inactive one',
    break: () => sql('SELECT citus_add_inactive_node($1, $2)', [fresh.host, fresh.port]),
    look: () => [],
    mend: async () => {
      // Else it would go on as a node, which a look at leftovers waits for.
      await sql('SELECT stop_metadata_sync_to_node($1, $2)', [fresh.host, fresh.port]);
      await sql('SELECT citus_remove_node($1, $2)', [fresh.host, fresh.port]);
    },
  },
  {
    id: 'nodes-active',
    name: 'nodes-active, one that refuses the coordinator',
    real: true,
    break: () =>
      follow(
        cluster,
        `on ${worker.address}, in the database postgres: ${alone}; ALTER DATABASE ${cluster.database} ALLOW_CONNECTIONS false;`,
      ),
    look: () => [],
  },
  {
    id: 'isolated-node-back',
    break: async () => {
      await worker.stop('immediate');
      await stopSync();
    },
    look: () => isolates({ undo: true }),
    follow: () => worker.start(),
    mend: startSync,
  },
  {
    id: 'leftovers',
    break: () =>
      sql(`INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
        VALUES (900, 900, 1, 'public.orders_102008', 99, 1)`),
    look: () => [],
    // What cleanUp does: integration/leftovers/remove.test.ts.
    follow: () => sql('DELETE FROM pg_dist_cleanup WHERE record_id = 900'),
  },
  {
    id: 'leaving-standbys',
    break: () =>
      sql(`INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, noderole, isactive, hasmetadata, metadatasynced)
        SELECT 901, groupid, '127.0.0.1', 9, 'secondary', true, false, false FROM pg_dist_node WHERE nodeport = ${worker.port}`),
    look: () => leaves(),
  },
  {
    id: 'remaining-workers',
    break: () => mark(cluster, other, false),
    look: () => leaves(),
    // What drainWorker with undo does.
    follow: () => mark(cluster, other, true),
  },
  {
    id: 'leaving-nodes',
    look: () => [{ nodes: ['db99:5432'] }, { type: 'drainWorker' }],
    again: (check) => [{ nodes: named(check).slice(0, 1) }, { type: 'drainWorker' }],
  },
  {
    id: 'isolated-node',
    look: () => [{ node: 'db99:5432' }, { type: 'isolateWorker' }],
    again: (check) => [{ node: named(check)[0] }, { type: 'isolateWorker' }],
  },
  {
    id: 'isolated-node-away',
    look: () => isolates(),
    again: () => isolates({ acceptChecks: ['isolated-node-away'] }),
  },
  { id: 'provisioner', look: () => [{ add: 1 }], again: () => [{ add: 0, nodes: [fresh.address] }] },
  {
    id: 'supported-versions',
    real: true,
    break: async () => {
      await fresh.query('DROP EXTENSION citus CASCADE');
      await follow(
        cluster,
        `on ${fresh.address}: SET citus.enable_version_checks = off; CREATE EXTENSION citus VERSION '12.1-1';`,
      );
    },
    look: () => [{}, {}, { port: fresh.port }],
    server: () => fresh,
  },
  {
    id: Object.keys(tooLittle) as CheckId[],
    break: async () => {
      for (const setting of Object.values(tooLittle)) await worker.query(`ALTER SYSTEM SET ${setting}`);
      await restart(worker);
    },
    look: () => [],
    follow: () => restart(worker),
  },
];

test('the remedy of each check that can block is followed, or it is said why not', () => {
  const known = new Set<string>([
    ...cases.flatMap(({ id }) => id),
    ...Object.keys(elsewhere),
    ...Object.keys(byPeople),
  ]);
  const blockers = checkIds.filter((id) => checkFacts(id).severity === 'blocker');
  expect(
    blockers.filter((id) => !known.has(id)),
    'add a case',
  ).toEqual([]);
});

test.each(Object.entries(elsewhere))('%s: the test that follows it is there', (_id, { file, test: name }) => {
  const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
  const [, ...tests] = text.split(/\n *(?:test[.(]|onCitus\()/);
  const found = tests.find((each) => each.includes(name));
  expect(found, `${name} in ${file}`).toBeDefined();
  expect(`${found}`).toMatch(/follow\(|tryCase\(/);
});

/** The blockers of these ids. */
async function blockers(ids: CheckId[], wishes: Wishes): Promise<Check[]> {
  return (await preflightOf(cluster, ...wishes)).filter((check) => ids.includes(check.id) && blocks(check));
}

/** An action that a remedy names is one that its type takes. */
function expectTaken({ action, arguments: args }: Remedy): void {
  if (action === undefined || !isOperationType(action)) return;
  const problems = operationInputs[action].safeParse({ cluster: 'demo', ...args }).error?.issues;
  expect(problems ?? []).toEqual([]);
}

test.each(cases.map((each) => [each.name ?? [each.id].flat().join(', '), each] as const))(
  '%s: its remedy is followed, and it blocks no more',
  async (_name, { id, real, break: breaks, look, server, follow: does, again, mend }) => {
    if (real && !isReal) return;
    const ids = [id].flat();
    await breaks?.();
    try {
      const found = await blockers(ids, look());
      expect(found.map((check) => check.id).sort()).toEqual(ids.sort());
      for (const { id: each, remedy } of found) {
        if (!remedy) throw new Error(`${each} has no remedy`);
        expectTaken(remedy);
        const steps = await follow(
          { ...cluster, coordinator: server?.() ?? cluster.coordinator },
          remedy.text,
        );
        expect(steps.length > 0 || does !== undefined || again !== undefined, remedy.text).toBe(true);
      }
      const [first] = found;
      await does?.();
      expect(await blockers(ids, first && again ? again(first) : look())).toEqual([]);
    } finally {
      await mend?.();
    }
  },
);
