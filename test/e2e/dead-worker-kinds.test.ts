import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxNode } from '../../sandbox/index.js';
import { newRole } from '../support/roles.js';
import { everyKind, tenants } from '../support/every-kind.js';
import { flavour, setStage, type Stage } from '../support/stage.js';
import { findFlavour } from '../../sandbox/flavour.js';

const isReal = findFlavour(flavour).flavour === 'citus';

let stage: Stage;
let dead: SandboxNode;
beforeAll(async () => {
  if (!isReal) return;
  stage = await setStage({
    start: { workers: 3 },
    load: (cluster) => everyKind(cluster, newRole(cluster, 'clerk').password),
  });
  const [first] = stage.cluster.workers;
  if (!first) throw new Error('no worker');
  dead = first;
});
afterAll(async () => {
  if (isReal) await stage.end();
});

const give = (id: string, more: object = {}) =>
  stage.start('emergencyRemoveWorker', id, { node: dead.address, deadFor: '0s', ...more });

test.runIf(isReal)(
  'tables of every kind are made anew like their siblings, though the worker of ours is killed in between',
  async () => {
    await dead.kill();
    const dry = await (await give('look', { dryRun: true })).result();
    const { loss } = dry.plan ?? {};
    expect(loss?.tables.every(({ ranges, shardsTotal }) => ranges.length > 0 || shardsTotal === 1)).toBe(
      true,
    );
    const op = await give('made-anew', { acceptDataLoss: loss?.sentence });
    await op.until('asking', ({ state }) => state === 'awaiting-approval', 60);
    await op.update('approve', { by: 'test' });
    await op.until('making them anew', ({ steps }) =>
      steps.some(({ name, state }) => name === 'Make lost shards anew' && state === 'running'),
    );
    await stage.restartWorker();
    const report = await op.result();
    expect(report).toMatchObject({ state: 'done', removed: [dead.address] });
    expect(report.movedShardGroups).toBe(loss?.shardGroups);

    const query: typeof stage.cluster.query = (text, values) => stage.cluster.query(text, values);
    await query(
      `insert into accounts (id, plan, note, total) select i, 1, 'again', 1 from generate_series(1, 400) i on conflict do nothing`,
    );
    await query(
      `insert into "Back Office"."Entries" (account, tags, body) select i, array['u'], jsonb_build_object('j', i) from generate_series(1, 400) i`,
    );
    await query(`insert into history select i, date '2026-06-01', 'c' from generate_series(1, 400) i`);
    await query('update accounts set total = total + 1');
    await query(`delete from accounts where id % 7 = 0`);
    const left = 'select count(*)::int as n from accounts';
    expect(await query(left)).toEqual([{ n: 400 - 57 }]);
    const joined = `select count(*)::int as n from accounts a join "Back Office"."Entries" e on e.account = a.id`;
    const [row] = await query<{ n: number }>(joined);
    expect(row?.n).toBeGreaterThanOrEqual(400 - 57);
    await expect(
      query(`insert into "Back Office"."Entries" (account, body) values (999999, '{}')`),
    ).rejects.toMatchObject({
      code: '23503',
    });
    await expect(query(`insert into accounts (id, total) values (999999, -1)`)).rejects.toMatchObject({
      code: '23514',
    });
    const lostTenants = loss?.tables.filter(({ table }) => table.endsWith('.T 1')) ?? [];
    expect(lostTenants).toHaveLength(1);
    for (const schema of tenants) {
      const t = `${schema}."T 1"`;
      const [{ n } = { n: -1 }] = await query<{ n: number }>(`select count(*)::int as n from ${t}`);
      expect([schema.includes(lostTenants[0]?.table.split('.')[0] ?? ''), n]).toEqual([n === 0, n]);
      await query(`insert into ${t} (id, plan) values (1000, 1)`);
      await query(`insert into ${schema}.parts values (1000, '2026-02-02')`);
      await expect(query(`insert into ${schema}.parts values (1001, '2026-02-02')`)).rejects.toMatchObject({
        code: '23503',
      });
      await query(`create table ${schema}.later (id int)`);
    }
    expect(
      await (await stage.start('rebalance', 'spread', { transferMode: 'block_writes' })).result(),
    ).toMatchObject({
      state: 'done',
    });
  },
);
