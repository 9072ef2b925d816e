import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  findFlavour,
  startCluster,
  withClient,
  type SandboxCluster,
  type SandboxNode,
} from '../../../sandbox/index.js';
import {
  checkNewNodes,
  checkTargets,
  runPreflight,
} from '../../../src/activities/preflight/run-preflight.js';
import { nodeActivities } from '../../../src/activities/nodes/activities.js';
import { deregister } from '../../../src/activities/nodes/deregister.js';
import { readBrokenDictionaries } from '../../../src/citus/new-server/needs.js';
import { readNodes } from '../../../src/citus/nodes/nodes.js';
import { asActivity as ofOperation } from '../../support/activity-stage.js';
import {
  readComingObjects,
  readInTheWay,
  type InTheWay,
} from '../../../src/citus/new-server/names-in-use.js';
import { withCoordinator, withNode } from '../../../src/citus/session/connect.js';
import type { Check } from '../../../src/contract/index.js';
import { follow } from '../../support/follow-remedy.js';
import { copyServer } from '../../support/copy-server.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, checksOf, failing, request } from './support.js';

const isStandIn = findFlavour(flavour).flavour === 'stand-in';
const hasIpv6 = (networkInterfaces()['lo'] ?? []).some(({ address }) => address === '::1');

let cluster: SandboxCluster;
let fresh: SandboxNode;
beforeAll(async () => {
  cluster = await startCluster({
    workers: 2,
    flavour,
    settings: hasIpv6 ? { listen_addresses: '127.0.0.1,::1' } : {},
  });
  fresh = await cluster.addNode();
});
afterAll(() => cluster.stop());

const anywhere = { allowedNodes: ['127.0.0.1:*', 'localhost:*', 'nowhere.invalid:*', '[::1]:*'] };

async function preflight(nodes: string[], config: object = anywhere): Promise<Check[]> {
  const { checks } = await asActivity(() =>
    runPreflight(configOf(cluster, { ...config }), request({ nodes })),
  );
  return checks;
}

test('a server that is ready passes, before the operation and after it was started for it', async () => {
  const checks = await preflight([fresh.address]);
  expect(failing(checks)).toEqual([]);
  for (const id of [
    'new-node-reachable',
    'new-node-extension',
    'new-node-versions',
    'coordinator-reaches-new-node',
    'new-node-mesh',
  ])
    expect(checkOf(checks, id).evidence).toContain(fresh.address);
  const again = await asActivity(() =>
    checkNewNodes(configOf(cluster, anywhere), request({ add: 1 }), [fresh.address]),
  );
  expect(failing(again)).toEqual([]);
  expect(again.length).toBeGreaterThan(5);
});

test('a worker that is active already is no mistake', async () => {
  const [worker] = cluster.workers;
  const checks = await preflight([worker?.address ?? '']);
  expect(failing(checks)).toEqual([]);
  expect(checkOf(checks, 'new-node-is-new').evidence).toContain('active worker already');
});

test('the coordinator is no new worker, under whatever name', async () => {
  const { address, port } = cluster.coordinator;
  expect(failing(await preflight([address]))).toEqual(['blocker new-node-is-new']);
  const alias = await preflight([`localhost:${port}`]);
  expect(
    checkOf(
      alias.filter(({ ok }) => !ok),
      'new-node-is-new',
    ).evidence,
  ).toContain('the coordinator itself');
});

test('a server is known under whatever name, and the same one named twice is told', async () => {
  const [worker] = cluster.workers;
  const alias = await preflight([`localhost:${worker?.port ?? 0}`]);
  expect(failing(alias)).toEqual(['blocker new-node-is-new']);
  expect(
    checkOf(
      alias.filter(({ ok }) => !ok),
      'new-node-is-new',
    ).evidence,
  ).toContain(`is ${worker?.address ?? ''} itself`);
  const twice = await preflight([fresh.address, `localhost:${fresh.port}`]);
  expect(failing(twice)).toEqual(['blocker new-node-is-new']);
});

test('a copy of a server’s disk is told with its original: a worker’s, the coordinator’s, a new one’s', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  const copies = [await copyServer(cluster, worker), await copyServer(cluster, cluster.coordinator)];
  const [ofWorker, ofCoordinator] = copies.map(({ address }) => address);
  const ofFresh = await copyServer(cluster, fresh);
  try {
    const checks = await preflight([ofWorker ?? '', ofCoordinator ?? '', ofFresh.address, fresh.address]);
    const told = checksOf(checks, 'new-node-copy').filter(({ ok }) => !ok);
    expect(
      told.map(({ severity, evidence }) => `${severity} ${evidence.replace(/: (it was|one is).*/, '')}`),
    ).toEqual([
      `blocker ${ofWorker ?? ''} has the system identifier of ${worker.address}`,
      `blocker ${ofCoordinator ?? ''} has the system identifier of the coordinator`,
      `blocker ${fresh.address} has the system identifier of ${ofFresh.address}`,
    ]);
  } finally {
    await Promise.all([...copies, ofFresh].map((copy) => copy.stop()));
  }
});

test('a server of another cluster is refused, a coordinator too: Citus would take it over', async () => {
  const elsewhere = await startCluster({ workers: 1, flavour });
  const [worker] = elsewhere.workers;
  if (!worker) throw new Error('no worker');
  try {
    for (const node of [elsewhere.coordinator, worker])
      await node.query(`ALTER ROLE ${cluster.user} PASSWORD '${cluster.password}'`).catch(() => undefined);
    const checks = await preflight([elsewhere.coordinator.address, worker.address]);
    const [first, second] = checksOf(checks, 'new-node-other-cluster');
    expect([first, second]).toMatchObject([
      { severity: 'blocker', ok: false },
      { severity: 'blocker', ok: false },
    ]);
    expect(first?.evidence).toContain('the coordinator of a cluster of its own, with 1 workers');
    expect(second?.evidence).toContain(`whose coordinator is ${elsewhere.coordinator.address}`);
    const { coordinator, passwordFile } = elsewhere;
    const known = readFileSync(passwordFile, 'utf8');
    writeFileSync(passwordFile, `127.0.0.1:${worker.port}:*:${cluster.user}:${cluster.password}\n${known}`);
    const login = { ...coordinator.login, password: cluster.password };
    await follow({ ...elsewhere, coordinator: { ...coordinator, login } }, second?.remedy?.text ?? '');
    expect(checkOf(await preflight([worker.address]), 'new-node-other-cluster').ok).toBe(true);
  } finally {
    await elsewhere.stop();
  }
});

test('a server without the extension in the right database is told apart', async () => {
  const bare = await cluster.addNode({ extension: false });
  const check = checkOf(await preflight([bare.address]), 'new-node-extension');
  expect(check).toMatchObject({ severity: 'blocker', ok: false });
  await follow(cluster, check.remedy?.text ?? '');
  expect(checkOf(await preflight([bare.address]), 'new-node-extension').ok).toBe(true);
});

test('a server that nobody allowed is not spoken to, and the remedy says where to allow it', async () => {
  const checks = await preflight([fresh.address], { allowedNodes: ['10.0.0.*:5432'] });
  expect(failing(checks)).toEqual(['blocker new-node-allowed']);
  expect(checkOf(checks, 'new-node-allowed').remedy?.text).toContain('allowedNodes');
});

test('servers that do not answer are all named, and none stops the other checks', async () => {
  const checks = await preflight(['127.0.0.1:1', 'nowhere.invalid:5432', fresh.address]);
  expect(failing(checks)).toEqual(['blocker new-node-reachable', 'blocker new-node-reachable']);
  expect(checkOf(checks, 'new-node-extension').ok).toBe(true);
});

test('a server that takes no writes is refused', async () => {
  await fresh.query(`ALTER DATABASE ${cluster.database} SET default_transaction_read_only = on`);
  const checks = await preflight([fresh.address]);
  expect(failing(checks)).toEqual(['blocker new-node-writable']);
  await follow(cluster, checkOf(checks, 'new-node-writable').remedy?.text ?? '');
  expect(failing(await preflight([fresh.address]))).toEqual([]);
  await fresh.query(
    `ALTER DATABASE ${cluster.database} RESET default_transaction_read_only;
     ALTER ROLE ${cluster.user} IN DATABASE ${cluster.database} RESET ALL`,
  );
});

test('a server that waits at each commit for a standby that it doesn’t have is refused', async () => {
  await fresh.query(`ALTER SYSTEM SET synchronous_standby_names = 'gone'`);
  await fresh.query('SELECT pg_reload_conf()');
  const blockers = (await preflight([fresh.address])).filter(({ ok }) => !ok);
  await fresh.query(`ALTER SYSTEM RESET synchronous_standby_names`);
  await fresh.query('SELECT pg_reload_conf()');
  expect(failing(blockers)).toEqual(['blocker synchronous-standbys']);
  expect(blockers[0]?.evidence).toContain(`${fresh.address}: synchronous_standby_names = 'gone'`);
  expect(blockers[0]?.remedy?.text).toContain(`on ${fresh.address}: `);
});

test('an owner of tables that is there already and was given what makes moves fail is told, and the remedy mends it', async () => {
  await cluster.query('CREATE ROLE keeper LOGIN');
  await cluster.query('CREATE TABLE kept (id bigint PRIMARY KEY)');
  await cluster.query(
    `SELECT create_distributed_table('kept', 'id', shard_count := 2, colocate_with := 'none')`,
  );
  await cluster.query('GRANT CREATE ON SCHEMA public TO keeper');
  await cluster.query('ALTER TABLE kept OWNER TO keeper');
  const there = async () =>
    (await preflight([fresh.address])).filter(
      ({ id, ok, evidence }) => id === 'session-settings' && !ok && evidence.startsWith(fresh.address),
    );
  try {
    expect(await there()).toEqual([]);
    await fresh.query('CREATE ROLE keeper LOGIN');
    expect(await there()).toEqual([]);
    await fresh.query('ALTER ROLE keeper SET default_transaction_read_only = on');
    const [check, ...more] = await there();
    expect(more).toEqual([]);
    expect(check).toMatchObject({ severity: 'blocker' });
    expect(check?.evidence).toContain('default_transaction_read_only = on for keeper (who owns tables)');
    await follow({ ...cluster, workers: [...cluster.workers, fresh] }, check?.remedy?.text ?? '');
    expect(await there()).toEqual([]);
  } finally {
    await cluster.query('DROP TABLE kept');
    await fresh.query('DROP ROLE IF EXISTS keeper');
    await cluster.query('DROP OWNED BY keeper');
    await cluster.query('DROP ROLE keeper');
  }
});

test('what is left of an earlier cluster is said', async () => {
  await fresh.query('CREATE TABLE orders_102008 (id bigint)');
  const check = checkOf(await preflight([fresh.address]), 'new-node-clean');
  expect(check).toMatchObject({ severity: 'warning', ok: false });
  expect(check.evidence).toContain('orders_102008');
  await fresh.query('DROP TABLE orders_102008');
});

test('what is called like the cluster’s tables is in the way: Citus would drop it, or fail', async () => {
  await cluster.query('CREATE TABLE "Orders" (id bigint PRIMARY KEY, at date)');
  await cluster.query(`SELECT create_distributed_table('"Orders"', 'id', shard_count => 4)`);
  try {
    await fresh.query('CREATE TABLE "Orders" (id bigint)');
    expect(checkOf(await preflight([fresh.address]), 'new-node-tables').ok).toBe(true);
    await fresh.query('INSERT INTO "Orders" VALUES (1)');
    const check = checkOf(await preflight([fresh.address]), 'new-node-tables');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain('public."Orders"');
    await fresh.query('DROP TABLE "Orders"');
    await fresh.query(
      `CREATE TABLE "Orders" (id bigint, at date) PARTITION BY RANGE (at);
       CREATE TABLE orders_now PARTITION OF "Orders" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
       INSERT INTO "Orders" VALUES (1, '2026-05-01')`,
    );
    expect(checkOf(await preflight([fresh.address]), 'new-node-tables').ok).toBe(false);
    await fresh.query('DROP TABLE "Orders"');
    const coming = await withCoordinator(configOf(cluster), { applicationName: 'test' }, readComingObjects);
    const inTheWay = (): Promise<InTheWay> =>
      withNode(configOf(cluster, anywhere), fresh.address, { applicationName: 'test' }, (db) =>
        readInTheWay(db, coming),
      );
    for (const [make, drop, told] of [
      ['CREATE VIEW "Orders" AS SELECT 1 AS id', 'DROP VIEW "Orders"', 'public."Orders"'],
      ['CREATE SEQUENCE "Orders"', 'DROP SEQUENCE "Orders"', 'public."Orders"'],
      [`CREATE TYPE "Orders" AS ENUM ('a')`, 'DROP TYPE "Orders"', 'type public."Orders"'],
    ] as const) {
      await fresh.query(make);
      expect(await inTheWay()).toEqual({ tables: [], dependents: [], others: [told] });
      await fresh.query(drop);
    }
    await fresh.query(
      `CREATE TABLE "Orders" (id bigint PRIMARY KEY); CREATE VIEW dear AS SELECT * FROM "Orders";
       CREATE TABLE child () INHERITS ("Orders"); INSERT INTO child VALUES (1);
       CREATE TABLE referring (id bigint REFERENCES "Orders")`,
    );
    expect(await inTheWay()).toEqual({
      tables: ['public."Orders"'],
      dependents: ['foreign key referring_id_fkey of public.referring', 'view public.dear'],
      others: [],
    });
    await fresh.query('DROP TABLE "Orders" CASCADE');
    await fresh.query('CREATE VIEW "Orders" AS SELECT 1 AS id');
    const view = checkOf(await preflight([fresh.address]), 'new-node-tables');
    expect(view.evidence).toMatch(/no table, .*"Orders"/);
    await fresh.query('DROP VIEW "Orders"; DROP TABLE referring');
  } finally {
    await fresh.query('DROP TABLE IF EXISTS "Orders" CASCADE');
    await cluster.query('DROP TABLE "Orders"');
  }
});

test('what all other nodes have and Citus doesn’t bring is told with what mends it there', async () => {
  const others = [cluster.coordinator, ...cluster.workers.slice(0, 2)];
  const quietly = 'SET citus.enable_ddl_propagation = off; SET citus.enable_create_role_propagation = off;';
  for (const node of others) {
    await node.query(`${quietly} CREATE ROLE reporter LOGIN`);
    await node.query(`SELECT pg_create_logical_replication_slot('changes', 'pgoutput')`);
  }
  await fresh.query(`ALTER DATABASE ${cluster.database} SET "TimeZone" = 'Asia/Tokyo'`);
  await fresh.query(`ALTER SYSTEM SET search_path = 'elsewhere'`);
  await fresh.query('SELECT pg_reload_conf()');
  try {
    const told = (await preflight([fresh.address])).filter(({ id, ok }) => id === 'new-node-alike' && !ok);
    const text = told.map(({ severity, remedy }) => `${severity}: ${remedy?.text ?? ''}`).join('\n');
    expect(text).toContain(`warning: on ${fresh.address}: CREATE ROLE "reporter" LOGIN PASSWORD`);
    expect(text).toContain(`SELECT pg_create_logical_replication_slot('changes', 'pgoutput')`);
    expect(text).toContain(`ALTER DATABASE "${cluster.database}" RESET TimeZone`);
    expect(text).toContain('ALTER SYSTEM SET search_path = "$user", public; SELECT pg_reload_conf()');
    await follow(cluster, told.map(({ remedy }) => remedy?.text ?? '').join('; '));
    expect(checkOf(await preflight([fresh.address]), 'new-node-alike').ok).toBe(true);
  } finally {
    for (const node of [...others, fresh]) {
      await node.query(`${quietly} DROP ROLE IF EXISTS reporter`);
      await node.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'changes'`,
      );
    }
  }
});

test.skipIf(isStandIn)(
  'what Citus would fail at is a blocker: roles, tablespaces, files (real Citus)',
  async () => {
    const inPlace = `SET allow_in_place_tablespaces = on`;
    for (const node of [cluster.coordinator, ...cluster.workers.slice(0, 2)])
      await withClient(node.login, async (client) => {
        await client.query(inPlace);
        await client.query(`CREATE TABLESPACE fast LOCATION ''`);
        await client.query('SET citus.enable_create_role_propagation = off');
        await client.query('CREATE ROLE keeper LOGIN');
      });
    await cluster.query('CREATE TABLE kept (id bigint PRIMARY KEY USING INDEX TABLESPACE fast, n serial)');
    await cluster.query('GRANT SELECT ON kept TO keeper');
    await cluster.query(`SELECT create_distributed_table('kept', 'id', shard_count => 2)`);
    await cluster.query('ALTER SYSTEM SET citus.enable_create_role_propagation = off');
    await cluster.query('SELECT pg_reload_conf()');
    try {
      const checks = await preflight([fresh.address]);
      const lacks = checksOf(checks, 'new-node-lacks').map(
        ({ severity, remedy }) => `${severity} ${remedy?.text ?? ''}`,
      );
      expect(lacks).toEqual([
        `blocker on ${fresh.address}: CREATE ROLE "keeper" LOGIN`,
        `blocker on ${fresh.address}: CREATE TABLESPACE "fast" LOCATION '…'`,
      ]);
      const inPlaceToo = (statement: string): string =>
        statement.startsWith('CREATE TABLESPACE') ? statement.replace(`'…'`, `''`) : statement;
      await fresh.query('ALTER SYSTEM SET allow_in_place_tablespaces = on');
      await fresh.query('SELECT pg_reload_conf()');
      for (const { remedy } of checksOf(checks, 'new-node-lacks'))
        await follow(cluster, remedy?.text ?? '', { fill: inPlaceToo });
      expect(checkOf(await preflight([fresh.address]), 'new-node-lacks').ok).toBe(true);
      const [sequences, ...more] = checksOf(checks, 'worker-sequences');
      expect(sequences).toMatchObject({ severity: 'warning', ok: false });
      expect(sequences?.evidence).toContain('public.kept.n (integer)');
      expect(more).toEqual([]);
      const broken = await withNode(
        configOf(cluster, anywhere),
        fresh.address,
        { applicationName: 'test' },
        (db) =>
          readBrokenDictionaries(db, [
            { name: 'here', template: 'simple', options: `stopwords = 'english'` },
            { name: 'gone', template: 'simple', options: `stopwords = 'nosuch'` },
          ]),
      );
      expect(broken.map(({ name }) => name)).toEqual(['gone']);
    } finally {
      await cluster.query('ALTER SYSTEM RESET citus.enable_create_role_propagation');
      await cluster.query('SELECT pg_reload_conf()');
      await cluster.query('DROP TABLE kept');
    }
  },
);

test.skipIf(!hasIpv6)(
  'a worker is named by an IPv6 address, in brackets, from its check to its removal',
  async () => {
    const node = `[::1]:${fresh.port}`;
    expect(failing(await preflight([node]))).toEqual([]);
    const config = { clusters: [configOf(cluster, anywhere)] };
    const lock = { cluster: 'demo', lockId: 'lock' };
    await ofOperation(config, async (context) => {
      const { planRegistrations, registerNodes, markNodes } = nodeActivities(context);
      const entries = await planRegistrations({ ...lock, nodes: [node] });
      await registerNodes({ ...lock, entries });
      await markNodes({
        ...lock,
        entries: [{ id: 'mark', kind: 'node-mark', node, before: true, during: false }],
      });
    });
    const rows = await withCoordinator(configOf(cluster), { applicationName: 'test' }, readNodes);
    const row = rows.find((each) => each.node === node);
    expect(row).toMatchObject({ active: true, shouldHaveShards: false });
    if (!row) throw new Error('not registered');
    const { checks } = await asActivity(() =>
      runPreflight(configOf(cluster), request({ nodes: [node] }, { type: 'removeWorker' })),
    );
    expect(checkOf(checks, 'leaving-nodes').ok).toBe(true);
    expect(checkOf(checks, 'nodes-active').ok).toBe(true);
    await withNode(configOf(cluster), node, { applicationName: 'test' }, (db) => db.query('SELECT 1'));
    await withCoordinator(configOf(cluster), { applicationName: 'test' }, (db) =>
      deregister(db, row, Date.now(), () => Promise.resolve()),
    );
    expect(await cluster.query('SELECT FROM pg_dist_node WHERE nodeport = $1', [fresh.port])).toEqual([]);
  },
);

test.skipIf(isStandIn)('a server that has not loaded Citus is told apart (real Citus)', async () => {
  await fresh.query(`ALTER SYSTEM SET shared_preload_libraries = auto_explain`);
  await fresh.stop();
  await fresh.start();
  try {
    const check = checkOf(await preflight([fresh.address]), 'new-node-extension');
    expect(check.remedy?.text).toContain('shared_preload_libraries');
  } finally {
    await fresh.query('ALTER SYSTEM RESET shared_preload_libraries');
    await fresh.stop();
    await fresh.start();
  }
});

test('workers that are called localhost only fit a coordinator that is too', async () => {
  await cluster.query(`UPDATE pg_dist_node SET nodename = 'localhost' WHERE groupid = 0`);
  try {
    const check = checkOf(await preflight([fresh.address]), 'coordinator-address');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain(fresh.address);
    await follow(cluster, check.remedy?.text ?? '', {
      fill: (statement) =>
        statement.replace('<host>', '127.0.0.1').replace('<port>', String(cluster.coordinator.port)),
    });
    expect(checkOf(await preflight([fresh.address]), 'coordinator-address').ok).toBe(true);
  } finally {
    await cluster.query(`UPDATE pg_dist_node SET nodename = '127.0.0.1' WHERE groupid = 0`);
  }
});

test('a target must have room for all that it will receive', async () => {
  const { address: node } = fresh;
  const config = configOf(cluster, anywhere);
  const targets = (bytes: number, input = {}): Promise<Check[]> =>
    asActivity(() => checkTargets(config, request(input), [{ node, bytes, largestGroupBytes: 0 }]));
  expect(failing(await targets(1_000_000))).toEqual([]);
  const [full] = await targets(1e15);
  expect(full).toMatchObject({ id: 'target-disk', severity: 'blocker', ok: false });
  expect(full?.evidence).toMatch(/receives 1\.0 PB, has .* of .* free/);
  const [accepted] = await targets(1e15, { acceptChecks: ['target-disk'] });
  expect(accepted?.severity).toBe('warning');
  await follow(
    cluster,
    `ALTER SYSTEM SET citus.desired_percent_disk_available_after_move = 99; SELECT pg_reload_conf();`,
  );
  const [less] = await targets(1_000_000);
  expect(less?.ok).toBe(false);
  await follow(cluster, less?.remedy?.text ?? '');
  expect(failing(await targets(1_000_000))).toEqual([]);
  await follow(cluster, 'ALTER SYSTEM RESET ALL; SELECT pg_reload_conf();');
});
