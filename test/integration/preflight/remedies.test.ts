import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster, SandboxNode } from '../../../sandbox/index.js';
import {
  blocks,
  checkFacts,
  checkIds,
  isOperationType,
  type Check,
  type CheckId,
} from '../../../src/contract/index.js';
import { operationInputs } from '../../../src/contract/schema/inputs.js';
import { mark } from '../../support/stage.js';
import { checksOf, preflightOf, startWithOrders, type Wishes } from './support.js';

/** What makes a check block, and what puts it right besides what its remedy says. */
interface Case {
  break: () => Promise<unknown>;
  look: () => Wishes;
  /** Its SQL is run, and the check passes; else the action that it names is accepted. */
  runs?: 'sql';
  mend?: () => Promise<unknown>;
}

let cluster: SandboxCluster;
let worker: SandboxNode;
beforeAll(async () => {
  cluster = await startWithOrders();
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  worker = first;
});
afterAll(() => cluster.stop());

const sql = (text: string, values: unknown[] = []) => cluster.query(text, values);
const nothing = () => Promise.resolve();
const leaves = (more: object = {}): Wishes => [
  { nodes: [worker.address], ...more },
  { type: 'removeWorker' },
];

/** A case of each check that can block, or why its remedy isn't tried here. A new check gets a line. */
const cases: Partial<Record<CheckId, Case | string>> = {
  'metadata-synced': {
    break: () => sql('SELECT stop_metadata_sync_to_node($1, $2)', [worker.host, worker.port]),
    look: () => [],
    runs: 'sql',
  },
  'nodes-active': {
    break: () => worker.stop('immediate'),
    look: () => [],
    mend: () => worker.start(),
  },
  'isolated-node-back': {
    break: async () => {
      await worker.stop('immediate');
      await sql('SELECT stop_metadata_sync_to_node($1, $2)', [worker.host, worker.port]);
    },
    look: () => [{ node: worker.address, undo: true }, { type: 'isolateWorker' }],
    mend: async () => {
      await worker.start();
      await sql('SELECT start_metadata_sync_to_node($1, $2)', [worker.host, worker.port]);
    },
  },
  leftovers: {
    break: () =>
      sql(`INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
        VALUES (900, 900, 1, 'public.orders_102008', 99, 1)`),
    look: () => [],
    mend: () => sql('DELETE FROM pg_dist_cleanup WHERE record_id = 900'),
  },
  'leaving-standbys': {
    break: () =>
      sql(`INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, noderole, isactive, hasmetadata, metadatasynced)
        SELECT 901, groupid, '127.0.0.1', 9, 'secondary', true, false, false FROM pg_dist_node WHERE nodeport = ${worker.port}`),
    look: () => leaves(),
    runs: 'sql',
  },
  'remaining-workers': {
    break: () => Promise.all(cluster.workers.slice(1).map((each) => mark(cluster, each, false))),
    look: () => leaves(),
    mend: () => Promise.all(cluster.workers.map((each) => mark(cluster, each, true))),
  },
  'leaving-nodes': {
    break: nothing,
    look: () => [{ nodes: ['db99:5432'] }, { type: 'drainWorker' }],
  },
  'isolated-node': {
    break: nothing,
    look: () => [{ node: 'db99:5432' }, { type: 'isolateWorker' }],
  },
  'isolated-node-away': { break: nothing, look: () => [{ node: worker.address }, { type: 'isolateWorker' }] },
  provisioner: { break: nothing, look: () => [{ add: 1 }] },

  'owner-rights': 'its grants are run in test/integration/roles',
  role: 'its grants are run in test/integration/roles',
  'session-settings': 'its statements are run in servers.test.ts',
  'synchronous-standbys': 'a setting of a server, told with its name; see servers.test.ts',
  'event-triggers': 'see servers.test.ts',
  'node-logins': 'what the nodes let in is the owner’s; tried in test/integration/preflight',
  'node-ports': 'the owner registers the nodes by their own ports then; tried in test/integration/preflight',
  'movable-tables': 'tables are changed as it says; tried in test/integration/preflight',
  'online-moves': 'another mode, or tables changed as it says; tried in test/integration/preflight',
  connections: 'a restart with another setting; what it says is tried in test/unit/activities/preflight',
  'connection-limits': 'its statements are run in servers.test.ts',
  'cluster-changes': 'the backup of others has to end; see servers.test.ts',
  'foreign-job': 'its statement ends the job of others; see traffic.test.ts',
  'supported-versions': 'an update takes the files of the next version; see coordinator.test.ts',
  patroni: 'Patroni itself has to add the worker',
  pooler: 'the config names PostgreSQL itself then; see coordinator.test.ts',
  'prepared-transactions': 'a restart with another setting; which are old is said with their names',
  'replication-slots': 'a restart with another setting',
  'wal-senders': 'a restart with another setting',
  'worker-processes': 'a restart with another setting',
  'wal-level': 'a restart with another setting',
  versions: 'an upgrade of the nodes',
  'target-disk': 'a larger disk',
  'replica-identity': 'tables are changed as it says in cluster.test.ts',
  'unlogged-tables': 'tables are changed as it says in cluster.test.ts',
  'coordinator-address': 'its statement wants an address that only the owner knows; see coordinator.test.ts',
  'coordinator-reachable': 'the platform brings the coordinator back; see test/e2e/refusals/configs.test.ts',
  'coordinator-writable': 'see coordinator.test.ts',
  'is-coordinator': 'the config names another server then; see coordinator.test.ts',
  'shards-without-place': 'a strategy of the user’s own refuses the nodes',
  'coordinator-reaches-new-node': 'about a server that is yet to join; see new-node.test.ts',
  'new-node-allowed': 'the config allows it then; see new-node.test.ts',
  'new-node-copy': 'see new-node.test.ts',
  'new-node-extension': 'see new-node.test.ts',
  'new-node-extensions': 'see new-node.test.ts',
  'new-node-is-new': 'see new-node.test.ts',
  'new-node-lacks': 'its statements are checked in new-node.test.ts',
  'new-node-locale': 'the database is made anew; see new-node.test.ts',
  'new-node-mesh': 'see new-node.test.ts',
  'new-node-other-cluster': 'see new-node.test.ts',
  'new-node-reachable': 'see new-node.test.ts',
  'new-node-tables': 'the owner looks what they are; see new-node.test.ts',
  'new-node-versions': 'another server; see new-node.test.ts',
  'new-node-writable': 'see new-node.test.ts',
};

test('the remedy of each check that can block is tried, or it is said why not', () => {
  const blockers = checkIds.filter((id) => checkFacts(id).severity === 'blocker');
  expect(
    blockers.filter((id) => !(id in cases)),
    'add a line to `cases`',
  ).toEqual([]);
});

const tried = Object.entries(cases).flatMap(([id, each]) =>
  typeof each === 'string' ? [] : [[id, each] as const],
);

test.each(tried)(
  '%s: its remedy can be followed',
  async (id, { break: breaks, look, runs, mend = nothing }) => {
    const blocking = async (): Promise<Check | undefined> =>
      checksOf(await preflightOf(cluster, ...look()), id).find(blocks);
    await breaks();
    try {
      const check = await blocking();
      expect(check, id).toBeDefined();
      const { remedy } = check ?? {};
      expect(remedy?.text).toBeTruthy();
      if (runs === 'sql') {
        const statements = remedy?.text.match(/\b(?:SELECT|ALTER|UPDATE|DELETE|CALL) [^;]*/g) ?? [];
        expect(statements.length, remedy?.text).toBeGreaterThan(0);
        for (const statement of statements) await sql(statement);
        expect(await blocking()).toBeUndefined();
      }
      const action = remedy?.action;
      if (action !== undefined && isOperationType(action)) {
        const input = { cluster: 'demo', ...remedy?.arguments };
        expect(operationInputs[action].safeParse(input).error?.issues ?? []).toEqual([]);
      }
    } finally {
      await mend();
    }
  },
);
