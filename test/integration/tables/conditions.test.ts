import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { moveActivities } from '../../../src/activities/moving/activities.js';
import { findHindrances } from '../../../src/activities/preflight/tables/find-hindrances.js';
import { conditionsByGroup, modeOf } from '../../../src/activities/preflight/tables/group-conditions.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import { readShardGroups } from '../../../src/citus/tables/shard-groups.js';
import { chooseModes } from '../../../src/activities/plan/move-modes.js';
import type { GroupMove } from '../../../src/activities/plan/group-moves.js';
import type { Finding } from '../../../src/citus/tables/find-conditions.js';
import { blocks, type TransferMode } from '../../../src/contract/index.js';
import { asActivity } from '../../support/activity-stage.js';
import { follow } from '../../support/follow-remedy.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { checkOf, preflightOf } from '../preflight/support.js';

// The stand-in has neither such tables nor what moves do with them.
const isReal = findFlavour(flavour).flavour === 'citus';
let cluster: SandboxCluster;

const plain = 'id bigint primary key, v text';
const distributed = (table: string, key = `'id', shard_count := 2, colocate_with := 'none'`): string =>
  `SELECT create_distributed_table('${table}', ${key})`;
/** On all shards of a table, or on the one with the lowest id; `%s` stands for its name. */
const onShards = (table: string, command: string, first = false): string =>
  `SELECT master_run_on_worker(ARRAY[n.nodename], ARRAY[n.nodeport], ARRAY[format('${command}', shard_name('${table}', shardid))], false)
     FROM (SELECT shardid, groupid FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
            WHERE logicalrelid = '${table}'::regclass ORDER BY shardid ${first ? 'LIMIT 1' : ''}) s JOIN pg_dist_node n USING (groupid)`;
const partitioned = (table: string): string[] => [
  `CREATE TABLE ${table} (id bigint, day int, n int DEFAULT 0, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)`,
  `CREATE TABLE ${table}_old PARTITION OF ${table} FOR VALUES FROM (0) TO (10)`,
  `CREATE TABLE ${table}_new PARTITION OF ${table} FOR VALUES FROM (10) TO (20)`,
];

/** Tables by the mode that works for their shards, as it was measured (docs/citus.md). */
const tables: Record<'logical' | 'blocking' | 'none', Record<string, string[]>> = {
  logical: {
    fine: [`CREATE TABLE fine (${plain})`, distributed('fine')],
    parts: [...partitioned('parts'), distributed('parts')],
    // Forced on a parent it doesn't reach the rows, and not forced the owner's rights are enough.
    guarded: [
      ...partitioned('guarded'),
      distributed('guarded'),
      'ALTER TABLE guarded ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE guarded FORCE ROW LEVEL SECURITY',
      'ALTER TABLE guarded_new ENABLE ROW LEVEL SECURITY',
    ],
    // A move makes the new shard as the table is.
    shielded: [
      `CREATE TABLE shielded (${plain})`,
      distributed('shielded'),
      onShards('shielded', 'ALTER TABLE %s ENABLE ROW LEVEL SECURITY'),
      onShards('shielded', 'ALTER TABLE %s FORCE ROW LEVEL SECURITY'),
    ],
    // Rows tell, and these violate nothing.
    unproved: [
      `CREATE TABLE unproved (${plain}, n natural_number)`,
      distributed('unproved'),
      `INSERT INTO unproved SELECT i, 'v', i FROM generate_series(1, 20) i`,
      `ALTER TABLE unproved ADD CONSTRAINT positive CHECK (id > 0) NOT VALID`,
    ],
    // A move makes its foreign key NOT VALID again.
    adopted: [
      `CREATE TABLE adopted (${plain})`,
      distributed('adopted'),
      `INSERT INTO adopted SELECT i, 'v' FROM generate_series(1, 20) i`,
      'ALTER TABLE adopted ADD CONSTRAINT of_fine FOREIGN KEY (id) REFERENCES lonely NOT VALID',
    ],
    whole: [
      'CREATE TABLE whole (id bigint, v varchar(20), tags text[], at cidr)',
      distributed('whole'),
      'ALTER TABLE whole REPLICA IDENTITY FULL',
    ],
  },
  blocking: {
    // Where changes are applied search_path is empty.
    paths: [
      `CREATE TABLE paths (${plain}, twice bigint GENERATED ALWAYS AS (public.doubled(id)) STORED)`,
      distributed('paths'),
      `INSERT INTO paths SELECT i, 'v' FROM generate_series(1, 20) i`,
    ],
    domains: [
      `CREATE TABLE domains (${plain}, n doubled_number)`,
      distributed('domains'),
      `INSERT INTO domains SELECT i, 'v', i FROM generate_series(1, 20) i`,
    ],
    sought: [
      `CREATE TABLE sought (${plain})`,
      distributed('sought'),
      'CREATE INDEX ON sought (v) WHERE public.doubled(id) > 5',
      `INSERT INTO sought SELECT i, 'v' FROM generate_series(1, 20) i`,
    ],
    alone: ['CREATE TABLE alone (id bigint)', distributed('alone', 'NULL')],
    quick: [`CREATE UNLOGGED TABLE quick (${plain})`, distributed('quick')],
    computed: [
      'CREATE TABLE computed (id bigint, v text, twice bigint GENERATED ALWAYS AS (id * 2) STORED, PRIMARY KEY (id, twice))',
      distributed('computed'),
    ],
    documents: [
      'CREATE TABLE documents (id bigint, bodies json[])',
      distributed('documents'),
      'ALTER TABLE documents REPLICA IDENTITY FULL',
    ],
    forced: [
      `CREATE TABLE forced (${plain})`,
      distributed('forced'),
      'ALTER TABLE forced ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE forced FORCE ROW LEVEL SECURITY',
    ],
    nameless: [
      ...partitioned('nameless'),
      distributed('nameless'),
      'ALTER TABLE nameless_old REPLICA IDENTITY NOTHING',
    ],
    events: ['CREATE TABLE events (id bigint PRIMARY KEY, v text) USING columnar', distributed('events')],
    history: [
      ...partitioned('history').slice(0, 2),
      'CREATE TABLE history_new PARTITION OF history FOR VALUES FROM (10) TO (20) USING columnar',
      distributed('history'),
    ],
    counted: [
      ...partitioned('counted'),
      distributed('counted'),
      'CREATE TRIGGER count BEFORE INSERT ON counted_new FOR EACH ROW EXECUTE FUNCTION public.count_up()',
      'ALTER TABLE counted_new ENABLE REPLICA TRIGGER count',
    ],
  },
  none: {
    violated: [
      `CREATE TABLE violated (${plain})`,
      distributed('violated'),
      `INSERT INTO violated SELECT i, 'v' FROM generate_series(1, 20) i`,
      'ALTER TABLE violated ADD CONSTRAINT above CHECK (id > 10) NOT VALID',
    ],
    negative: [
      `CREATE TABLE negative (${plain}, n natural_number[])`,
      distributed('negative'),
      `INSERT INTO negative SELECT i, 'v', ARRAY[-1] FROM generate_series(1, 20) i`,
    ],
    raises: [
      `CREATE TABLE raises (${plain})`,
      distributed('raises'),
      'CREATE INDEX raising ON raises (public.once(id))',
      `INSERT INTO raises SELECT i, 'v' FROM generate_series(1, 20) i`,
    ],
    lax: [
      `CREATE TABLE lax (${plain}, n int NOT NULL)`,
      distributed('lax'),
      `INSERT INTO lax SELECT i, 'v', 1 FROM generate_series(1, 20) i`,
      onShards('lax', 'ALTER TABLE %s ALTER n DROP NOT NULL'),
      onShards('lax', 'UPDATE %s SET n = NULL'),
    ],
    long: [
      'CREATE TABLE long (id bigint primary key, v varchar(5))',
      distributed('long'),
      onShards('long', 'ALTER TABLE %s ALTER v TYPE varchar(50)'),
    ],
    // Without a key it moves blocked only, and then its rows have to have what they refer to.
    orphans: [
      'CREATE TABLE orphans (id bigint, kind bigint)',
      distributed('orphans'),
      'ALTER TABLE orphans ADD CONSTRAINT of_kind FOREIGN KEY (kind) REFERENCES lonely',
      'INSERT INTO orphans SELECT i, 1 FROM generate_series(1, 20) i',
      onShards('orphans', 'SET session_replication_role = replica; UPDATE %s SET kind = 2'),
    ],
    rented: [...partitioned('rented'), distributed('rented'), 'ALTER TABLE rented_new OWNER TO tenant'],
    wide: [
      `CREATE TABLE wide (${plain})`,
      distributed('wide'),
      onShards('wide', 'ALTER TABLE %s ADD COLUMN extra int'),
    ],
  },
};

beforeAll(async () => {
  if (!isReal) return;
  const settings = { 'citus.enable_unsafe_triggers': 'on' };
  cluster = await startCluster({ workers: 2, flavour, settings });
  for (const statement of [
    'CREATE EXTENSION IF NOT EXISTS citus_columnar',
    'CREATE ROLE tenant LOGIN',
    `CREATE FUNCTION public.count_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NEW.n + 1; RETURN NEW; END'`,
    'CREATE DOMAIN natural_number AS int',
    'CREATE TABLE lonely (id bigint PRIMARY KEY)',
    `SELECT create_reference_table('lonely')`,
    'INSERT INTO lonely VALUES (1)',
    `CREATE FUNCTION public.itself(x bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT x'`,
    `CREATE FUNCTION public.doubled(x bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 2 * itself(x); END'`,
    `CREATE FUNCTION public.once(x bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN x; END'`,
    'CREATE DOMAIN doubled_number AS bigint CHECK (public.doubled(VALUE) > 0)',
    ...Object.values(tables).flatMap((each) => Object.values(each).flat()),
    'ALTER DOMAIN natural_number ADD CONSTRAINT above_zero CHECK (VALUE > 0) NOT VALID',
    `CREATE OR REPLACE FUNCTION public.once(x bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN x / (x - x); END'`,
  ])
    await cluster.query(statement);
});
afterAll(() => (isReal ? cluster.stop() : undefined));

/** The modes in which the shard groups of each table are to move. */
async function modesOf(transferMode: TransferMode): Promise<Record<string, string>> {
  const nodes = cluster.workers.map(({ address }) => address);
  return withCoordinator(configOf(cluster), { applicationName: 'test' }, async (db) => {
    const groups = await readShardGroups(db, false);
    const { findings, unseen } = await findHindrances(db, nodes, transferMode);
    expect(unseen).toEqual([]);
    const conditionsOf = conditionsByGroup(findings);
    return Object.fromEntries(
      groups
        .filter(({ movable }) => movable)
        .map((group) => [
          (group.tables[0] ?? '').replace(/_(old|new)$/, ''),
          modeOf(transferMode, conditionsOf(group)) ?? 'none',
        ]),
    );
  });
}

/** Moves a shard of a table to the other worker, in the mode that was planned. */
async function moverOf(table: string) {
  const [shard] = await cluster.query<{ id: number; from: string; to: string }>(
    `SELECT p.shardid::int AS id, n.nodename || ':' || n.nodeport AS from, o.nodename || ':' || o.nodeport AS to
       FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
       JOIN pg_dist_node o ON o.groupid NOT IN (n.groupid, 0) WHERE logicalrelid = '${table}'::regclass LIMIT 1`,
  );
  if (!shard) throw new Error('no shard');
  const config = configOf(cluster);
  return (mode: 'logical' | 'blocking') =>
    asActivity({ clusters: [config] }, (context) =>
      moveActivities(context).moveShardGroups({
        ...{ cluster: config.name, lockId: 'lock', transferMode: 'auto', mode },
        ...{ from: shard.from, to: shard.to, shardIds: [shard.id], bytes: [0] },
      }),
    );
}

test.runIf(isReal)('each table moves in the mode that works for it: online where it can', async () => {
  const expected = Object.entries(tables).flatMap(([mode, of]) =>
    Object.keys(of).map((name) => [name, mode]),
  );
  const [{ version } = { version: 0 }] = await cluster.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  // From 17 on an index is built with an empty search_path, too.
  const sought = version >= 170_000 ? 'none' : 'blocking';
  expect(await modesOf('auto')).toEqual({ ...Object.fromEntries(expected), sought });
  expect((await modesOf('block_writes'))['fine']).toBe('blocking');
  expect((await modesOf('force_logical'))['quick']).toBe('none');
});

test.runIf(isReal)(
  'rows that would make a move fail are found before it, and what mends them is told',
  async () => {
    const nodes = cluster.workers.map(({ address }) => address);
    const ask = <T>(work: (db: Db) => Promise<T>) =>
      withCoordinator(configOf(cluster), { applicationName: 'test' }, work);
    const findings = async () => (await ask((db) => findHindrances(db, nodes, 'auto'))).findings;
    const first = await findings();
    const of = (found: Finding[], table: string) => found.find((each) => each.table === `public.${table}`);
    expect(of(first, 'unproved')).toBeUndefined();
    expect(of(first, 'violated')).toMatchObject({ condition: 'violated-check', object: 'above' });
    const rows = { violated: 10, negative: 20, lax: 20 };
    for (const [table, number] of Object.entries(rows)) {
      const [lists = ''] = of(first, table)?.mend?.split(' — ') ?? [];
      expect(await cluster.query(lists)).toHaveLength(number);
    }
    const bound = first.filter(({ condition }) => condition === 'path-bound');
    for (const table of ['public.paths', 'public.domains'])
      expect(bound.map((each) => each.table)).toContain(table);
    // The plan is refused for what it moves, and only for that.
    const groups = await ask((db) => readShardGroups(db, false));
    const plan = async (...tables: string[]) => {
      const moves = groups
        .filter((group) => tables.some((table) => group.tables.includes(table)))
        .map((group): GroupMove => ({
          group,
          ...{ from: nodes[0] ?? '', to: '', bytes: 0, mode: 'logical' },
        }));
      const { checks } = await ask((db) => chooseModes(db, { transferMode: 'auto', input: {} }, moves));
      return checks.filter(blocks);
    };
    expect(await plan('fine', 'unproved', 'paths')).toEqual([]);
    expect(await plan('fine', 'violated')).toMatchObject([{ id: 'movable-tables' }]);
    // Right before the move nothing of the catalog tells it.
    expect((await (await moverOf('paths'))('blocking')).stallSeconds).toBeDefined();
    await cluster.query(bound[0]?.mend ?? '');
    expect((await findings()).filter(({ condition }) => condition === 'path-bound')).toEqual([]);
    // What takes too long to look at stays what it was: nobody knows.
    await cluster.query(
      `CREATE FUNCTION public.slow(x bigint) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(1) IS NOT NULL'`,
    );
    await cluster.query('ALTER TABLE unproved ADD CONSTRAINT slow CHECK (public.slow(id)) NOT VALID');
    expect(of(await findings(), 'unproved')).toMatchObject({
      condition: 'unproved-check',
      object: 'positive, slow, and not all rows could be looked at',
    });
    await cluster.query('ALTER TABLE unproved DROP CONSTRAINT slow');
  },
);

test.runIf(isReal)(
  'what can’t be moved at all is named before, with object, node and what mends it',
  async () => {
    await cluster.query(`INSERT INTO wide SELECT i, 'v' FROM generate_series(1, 20) i`);
    await cluster.query(`CREATE TABLE twice (id bigint, v text)`);
    await cluster.query(distributed('twice'));
    await cluster.query(`INSERT INTO twice SELECT 1, 'v' FROM generate_series(1, 2)`);
    await expect(cluster.query('CREATE UNIQUE INDEX CONCURRENTLY only_once ON twice (id)')).rejects.toThrow();
    const checks = await preflightOf(cluster);
    const { severity, evidence, remedy } = checkOf(checks, 'movable-tables');
    // Whether any of them moves is for the plan to say, unless all have to.
    expect(severity).toBe('warning');
    const drained = { nodes: [cluster.workers[0]?.address ?? ''] };
    const drain = (transferMode: TransferMode) =>
      preflightOf(cluster, drained, { type: 'drainWorker', transferMode });
    expect(checkOf(await drain('auto'), 'movable-tables').severity).toBe('blocker');
    expect(evidence).toMatch(/public\.rented_new \(is a partition, and its owner is tenant, not postgres/);
    expect(evidence).toMatch(
      /public\.wide \(.*other columns than its own: extra on 127\.0\.0\.1:\d+: shard \d+/,
    );
    expect(evidence).toMatch(/public\.twice \(.*valid unique index.*only_once on 127\.0\.0\.1:\d+: shard/);
    expect(remedy?.text).toContain('ALTER TABLE public.rented_new OWNER TO postgres');
    expect(remedy?.text).toContain('DROP INDEX CONCURRENTLY IF EXISTS public.only_once');
    expect(checkOf(checks, 'online-moves')).toMatchObject({ severity: 'info', ok: false });
    const online = checkOf(await preflightOf(cluster, {}, { transferMode: 'force_logical' }), 'online-moves');
    expect(online.severity).toBe('warning');
    expect(checkOf(await drain('force_logical'), 'online-moves').severity).toBe('blocker');
    for (const table of ['events', 'history_new', 'counted_new', 'forced', 'computed', 'documents'])
      expect(online.evidence).toContain(`public.${table} (`);
    const unlogged = await preflightOf(cluster, {}, { transferMode: 'force_logical' });
    for (const each of [remedy, online.remedy, checkOf(unlogged, 'unlogged-tables').remedy])
      await follow(cluster, each?.text ?? '');
    const after = await preflightOf(cluster, {}, { transferMode: 'force_logical' });
    expect(checkOf(after, 'unlogged-tables').ok).toBe(true);
    const left = [checkOf(after, 'movable-tables'), checkOf(after, 'online-moves')].map(
      (each) => each.evidence,
    );
    for (const mended of ['rented_new', 'twice', 'counted_new', 'forced'])
      expect(left.join()).not.toContain(`public.${mended} (`);
  },
);

test.runIf(isReal)(
  'a table that can’t move online any more since the approval blocks no writes; one that can now does',
  async () => {
    await cluster.query(`CREATE TABLE shop (${plain})`);
    await cluster.query(distributed('shop'));
    const move = await moverOf('shop');
    await cluster.query('ALTER TABLE shop REPLICA IDENTITY NOTHING');
    await expect(move('logical')).rejects.toThrow(
      'moving public.shop would block writes, which nobody approved',
    );
    await cluster.query('ALTER TABLE shop REPLICA IDENTITY DEFAULT');
    const online = await move('blocking');
    expect(online).toMatchObject({ movedShardGroups: 1 });
    expect(online.stallSeconds).toBeUndefined();
  },
);
