import { afterEach, beforeAll, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { inSync, nodeId, refusal, tenantsOn, until } from './questions.js';
import { endSessions, isWaiting, openSession, type Session } from './sessions.js';

conform(
  'addresses',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20, events: 40 }),
  (cluster) => {
    let moved: { id: number; node: SandboxNode };
    let write: string;
    let holder: Session;
    let writer: Session;

    const addresses = (): Promise<unknown> =>
      cluster().query('SELECT nodename, nodeport FROM pg_dist_node ORDER BY nodeid');

    beforeAll(async () => {
      const [node] = cluster().workers;
      if (!node) throw new Error('no worker');
      moved = { id: await nodeId(cluster(), node.port), node };
      const [tenant] = await tenantsOn(cluster(), node.port);
      write = `UPDATE tenants SET plan_id = 2 WHERE tenant_id = ${tenant}`;
    });

    const open = async (): Promise<void> => {
      holder = await openSession(cluster());
      writer = await openSession(cluster());
    };

    afterEach(async () => {
      await endSessions();
      await inSync(cluster());
    });

    it('changes nothing and holds nothing at the address that the node has', async () => {
      await open();
      await holder.query('BEGIN');
      await holder.query(`SELECT citus_update_node($1, '127.0.0.1', $2, true, 100)`, [
        moved.id,
        moved.node.port,
      ]);
      expect((await writer.query(write)).rowCount).toBe(1);
    });

    it('holds there and back in one transaction, and changes nothing', async () => {
      const before = await addresses();
      await open();
      await holder.query('BEGIN');
      await holder.query(`SELECT citus_update_node($1, 'elsewhere', $2)`, [moved.id, moved.node.port]);
      const waits = writer.query(write);
      await until('the wait', () => isWaiting(cluster(), writer));
      await moved.node.stop('fast');
      await moved.node.start();
      await holder.query(`SELECT citus_update_node($1, '127.0.0.1', $2)`, [moved.id, moved.node.port]);
      await holder.query('COMMIT');
      await waits.catch(() => undefined);
      expect(await addresses()).toEqual(before);
      await until('the write', () =>
        cluster()
          .query(write)
          .then(
            () => true,
            () => false,
          ),
      );
    });

    it('leaves the copies of the metadata for later', async () => {
      const synced = `SELECT bool_or(metadatasynced) AS it FROM pg_dist_node WHERE groupid <> 0`;
      await open();
      await holder.query('BEGIN');
      await holder.query(`SELECT citus_update_node($1, 'localhost', $2)`, [moved.id, moved.node.port]);
      expect((await holder.query(synced)).rows).toEqual([{ it: false }]);
      const late = await refusal(
        holder.query(`SELECT citus_set_node_property('localhost', $1, 'shouldhaveshards', true)`, [
          moved.node.port,
        ]),
      );
      expect(late.code).toBe('55000');
      expect(late.message).toMatch(/:\d+ is a metadata node, but is out of sync$/);
      await holder.query('ROLLBACK');
      await holder.query(`SELECT citus_update_node($1, 'localhost', $2)`, [moved.id, moved.node.port]);
      await inSync(cluster());
      for (const worker of cluster().workers) {
        const told = await worker.query('SELECT nodename FROM pg_dist_node WHERE nodeid = $1', [moved.id]);
        expect(told).toEqual([{ nodename: 'localhost' }]);
      }
      expect(await cluster().query('SELECT FROM tenants')).toHaveLength(20);
      await cluster().query(`SELECT citus_update_node($1, '127.0.0.1', $2)`, [moved.id, moved.node.port]);
    });

    it('refuses nodes that are not there, and addresses that are taken', async () => {
      const asked = (statement: string): Promise<unknown> => refusal(cluster().query(statement));
      const missing = { code: 'P0002', message: 'node 99 not found' };
      expect(await asked(`SELECT citus_update_node(99, '127.0.0.1', 99)`)).toEqual(missing);
      expect(await asked('SELECT citus_pause_node_within_txn(99)')).toEqual(missing);
      const taken = `SELECT citus_update_node(${moved.id}, '127.0.0.1', ${cluster().coordinator.port})`;
      expect(await asked(taken)).toEqual({
        code: '55000',
        message: 'there is already another node with the specified hostname and port',
      });
    });
  },
);
