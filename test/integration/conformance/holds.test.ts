import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { inSync, nodeId, refusal, tenantsOn, until } from './questions.js';
import { endSessions, isWaiting, openSession, type Session } from './sessions.js';

conform(
  'holds',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20, events: 40 }),
  (cluster) => {
    let held: { id: number; node: SandboxNode; tenant: number };
    let other: { tenant: number };
    let holder: Session;
    let writer: Session;

    const rename = (session: Session, options = ''): Promise<pg.QueryResult> =>
      session.query(`SELECT citus_update_node($1, 'elsewhere', $2${options})`, [held.id, held.node.port]);
    const pause = (session: Session, options = ''): Promise<pg.QueryResult> =>
      session.query(`SELECT citus_pause_node_within_txn($1${options})`, [held.id]);
    const write = (tenant: number): string => `UPDATE tenants SET plan_id = 2 WHERE tenant_id = ${tenant}`;
    const addresses = (): Promise<unknown> =>
      cluster().query('SELECT nodename, nodeport FROM pg_dist_node ORDER BY nodeid');

    beforeAll(async () => {
      const [first, second] = cluster().workers;
      if (!first || !second) throw new Error('no workers');
      const [tenant] = await tenantsOn(cluster(), first.port);
      const [away] = await tenantsOn(cluster(), second.port);
      held = { id: await nodeId(cluster(), first.port), node: first, tenant: tenant ?? 0 };
      other = { tenant: away ?? 0 };
    });

    const open = async (): Promise<void> => {
      holder = await openSession(cluster());
      writer = await openSession(cluster());
    };

    afterEach(async () => {
      await endSessions();
      await inSync(cluster());
    });

    describe.each([
      ['citus_update_node', rename],
      ['citus_pause_node_within_txn', pause],
    ] as const)('%s', (_, hold) => {
      it('makes writes to the shards of the node and to reference tables wait for its transaction', async () => {
        await open();
        await holder.query('BEGIN');
        await hold(holder);
        for (const statement of [
          write(held.tenant),
          'UPDATE tenants SET plan_id = plan_id',
          'DELETE FROM events',
          `INSERT INTO plans VALUES (50, 'held')`,
        ]) {
          const waits = writer.query(`BEGIN; ${statement}; ROLLBACK`);
          await until(statement, () => isWaiting(cluster(), writer));
          await cluster().query('SELECT pg_cancel_backend($1::int)', [writer.pid]);
          expect((await refusal(waits)).code).toBe('57014');
          await writer.query('ROLLBACK');
        }
        const waits = writer.query(write(held.tenant));
        await until('the wait', () => isWaiting(cluster(), writer));
        await holder.query('ROLLBACK');
        expect((await waits).rowCount).toBe(1);
      });

      it('keeps nobody from reading, or from writing elsewhere', async () => {
        await open();
        await holder.query('BEGIN');
        await hold(holder);
        await writer.query(`SET statement_timeout = '5s'`);
        const rows = await writer.query('SELECT FROM tenants JOIN plans USING (plan_id)');
        expect(rows.rowCount).toBe(20);
        expect((await writer.query(`SELECT FROM tenants WHERE tenant_id = ${held.tenant}`)).rowCount).toBe(1);
        const locked = `SELECT FROM tenants WHERE tenant_id = ${held.tenant} FOR UPDATE`;
        expect((await writer.query(locked)).rowCount).toBe(1);
        expect((await writer.query(write(other.tenant))).rowCount).toBe(1);
      });

      it('waits for transactions that have written there, not for those that have read', async () => {
        await open();
        const reader = await openSession(cluster());
        await reader.query('BEGIN');
        await reader.query('SELECT count(*) FROM tenants');
        await writer.query('BEGIN');
        await writer.query(write(held.tenant));
        await holder.query('BEGIN');
        const granted = hold(holder);
        await until('the wait', () => isWaiting(cluster(), holder));
        await writer.query('COMMIT');
        await granted;
      });

      it('gives up after lock_timeout', async () => {
        await open();
        await writer.query('BEGIN');
        await writer.query(write(held.tenant));
        await holder.query(`BEGIN; SET LOCAL lock_timeout = '400ms'`);
        expect(await refusal(hold(holder))).toEqual({
          code: '55P03',
          message: 'canceling statement due to lock timeout',
        });
        expect((await writer.query('COMMIT')).command).toBe('COMMIT');
      });

      it('with force, ends those who are in the way, after the time it was given', async () => {
        await open();
        const ended = writer.ended();
        await writer.query('BEGIN');
        await writer.query(write(held.tenant));
        await holder.query('BEGIN');
        const started = performance.now();
        await hold(holder, ', true, 700');
        expect(performance.now() - started).toBeGreaterThan(600);
        expect(await ended).toEqual({
          code: '57P01',
          message: 'terminating connection due to administrator command',
        });
      });

      it('with force, ends nobody who is done in time', async () => {
        await open();
        await writer.query('BEGIN');
        await writer.query(write(held.tenant));
        await holder.query('BEGIN');
        const granted = hold(holder, ', true, 60000');
        await until('the wait', () => isWaiting(cluster(), holder));
        await writer.query('COMMIT');
        await granted;
        await holder.query('ROLLBACK');
        expect((await writer.query('SELECT 1')).rowCount).toBe(1);
      });

      it('lets one in after the other', async () => {
        await open();
        await holder.query('BEGIN');
        await hold(holder);
        await writer.query('BEGIN');
        const second = pause(writer);
        await until('the wait', () => isWaiting(cluster(), writer));
        await holder.query('ROLLBACK');
        await second;
      });

      it('ends with its session, and leaves everything as it was', async () => {
        const before = await addresses();
        await open();
        await holder.query('BEGIN');
        await hold(holder);
        const waits = writer.query(write(held.tenant));
        await until('the wait', () => isWaiting(cluster(), writer));
        await cluster().query('SELECT pg_terminate_backend($1::int)', [holder.pid]);
        await waits;
        expect(await addresses()).toEqual(before);
      });
    });
  },
);
