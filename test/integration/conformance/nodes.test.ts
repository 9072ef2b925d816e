import { beforeAll, expect, it } from 'vitest';
import type { SandboxNode } from '../../../sandbox/index.js';
import { withClient } from '../../../sandbox/postgres/query.js';
import { loadData } from '../../../sandbox/data.js';
import { conform } from './flavours.js';
import { addNode, nodeId, refusal } from './questions.js';

conform(
  'nodes',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20 }),
  (cluster) => {
    let third: SandboxNode;
    beforeAll(async () => {
      third = await cluster().addNode();
    });

    it('lists the coordinator as group 0 without shards', async () => {
      const rows = await cluster().query(
        `SELECT groupid, noderole::text AS role, hasmetadata, metadatasynced, isactive, shouldhaveshards FROM pg_dist_node ORDER BY groupid`,
      );
      const same = { role: 'primary', hasmetadata: true, metadatasynced: true, isactive: true };
      expect(rows).toEqual([
        { groupid: 0, ...same, shouldhaveshards: false },
        { groupid: 1, ...same, shouldhaveshards: true },
        { groupid: 2, ...same, shouldhaveshards: true },
      ]);
    });

    it('says its version', async () => {
      const [row] = await cluster().query<{ version: string; extension: string }>(
        `SELECT citus_version() AS version, extversion AS extension FROM pg_extension WHERE extname = 'citus'`,
      );
      expect(row?.version).toMatch(/^Citus \d+\.\d+\.\d+/);
      expect(row?.version.includes('stand-in')).toBe(cluster().flavour === 'stand-in');
      expect(`Citus ${row?.extension.split('-')[0]}.`).toBe(
        /^Citus \d+\.\d+\./.exec(row?.version ?? '')?.[0],
      );
    });

    it('refuses a node that does not answer', async () => {
      expect(await refusal(addNode(cluster(), { host: '127.0.0.1', port: 9 }))).toEqual({
        code: '08006',
        message:
          'connection to the remote node postgres@127.0.0.1:9 failed with the following error: Connection refused\n' +
          '\tIs the server running on that host and accepting TCP/IP connections?',
      });
    });

    it('refuses a server without the extension', async () => {
      const bare = await cluster().addNode({ extension: false });
      expect(await refusal(addNode(cluster(), bare))).toEqual({
        code: 'XX000',
        message: `failure on connection marked as essential: ${bare.address}`,
      });
    });

    it('refuses itself', async () => {
      const self = { host: 'localhost', port: cluster().coordinator.port };
      expect(await refusal(addNode(cluster(), self))).toEqual({
        code: 'XX000',
        message: 'Node cannot add itself as a worker.',
      });
    });

    it('adds a node once, however often it is asked', async () => {
      const id = await addNode(cluster(), third);
      expect(await addNode(cluster(), third)).toBe(id);
      const rows = await cluster().query('SELECT FROM pg_dist_node WHERE nodeport = $1', [third.port]);
      expect(rows).toHaveLength(1);
    });

    it('tells the new node which one it is', async () => {
      const [row] = await third.query<{ mine: boolean }>(
        `SELECT groupid = (SELECT groupid FROM pg_dist_local_group) AS mine FROM pg_dist_node WHERE nodeport = $1`,
        [third.port],
      );
      expect(row?.mine).toBe(true);
    });

    it('knows whether a node is the coordinator', async () => {
      const ask = 'SELECT citus_is_coordinator() AS it';
      expect(await cluster().query(ask)).toEqual([{ it: true }]);
      expect(await third.query(ask)).toEqual([{ it: false }]);
    });

    it('sets shouldhaveshards, and nothing else', async () => {
      await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', false)`, [
        third.port,
      ]);
      const ask = `SELECT shouldhaveshards AS it FROM pg_dist_node WHERE nodeport = $1`;
      expect(await cluster().query(ask, [third.port])).toEqual([{ it: false }]);
      expect(await third.query(ask, [third.port])).toEqual([{ it: false }]);
      await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', true)`, [
        third.port,
      ]);
      const other = cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'colour', true)`, [
        third.port,
      ]);
      expect((await refusal(other)).message).toBe(
        `only the 'shouldhaveshards' property can be set using this function`,
      );
    });

    it.each(['citus_remove_node', 'citus_disable_node'])(
      '%s refuses a node that holds shards',
      async (statement) => {
        // Not the first by port, for which citus_disable_node refuses for another reason.
        const port = Math.max(
          ...cluster()
            .workers.slice(0, 2)
            .map((worker) => worker.port),
        );
        const { code, message } = await refusal(
          cluster().query(`SELECT ${statement}('127.0.0.1', $1)`, [port]),
        );
        expect(code).toBe('XX000');
        expect(message).toMatch(
          new RegExp(
            `^cannot remove or disable the node 127.0.0.1:${port} because because it contains the only shard placement for shard \\d+$`,
          ),
        );
      },
    );

    it('does not know other addresses', async () => {
      const message = `node at "127.0.0.1:1" does not exist`;
      const remove = cluster().query(`SELECT citus_remove_node('127.0.0.1', 1)`);
      expect(await refusal(remove)).toEqual({ code: 'XX000', message });
      const set = cluster().query(`SELECT citus_set_node_property('127.0.0.1', 1, 'shouldhaveshards', true)`);
      expect(await refusal(set)).toEqual({ code: 'XX000', message });
    });

    it('leaves metadata on a node that was removed, and takes the node again', async () => {
      await cluster().query(`SELECT citus_remove_node('127.0.0.1', $1)`, [third.port]);
      const own = 'SELECT count(*)::int AS nodes FROM pg_dist_node';
      expect((await third.query<{ nodes: number }>(own))[0]?.nodes).toBeGreaterThan(0);
      await addNode(cluster(), third);
      expect(await nodeId(cluster(), third.port)).toBeGreaterThan(3);
    });

    it('clears metadata where synchronisation is stopped', async () => {
      await cluster().query(`SELECT stop_metadata_sync_to_node('127.0.0.1', $1)`, [third.port]);
      await cluster().query(`SELECT citus_remove_node('127.0.0.1', $1)`, [third.port]);
      expect(await third.query('SELECT nodeid FROM pg_dist_node')).toEqual([]);
    });

    it('refuses other hosts while the coordinator is called localhost', async () => {
      await cluster().query(`SELECT citus_set_coordinator_host('localhost', $1)`, [
        cluster().coordinator.port,
      ]);
      expect(await refusal(addNode(cluster(), { host: '10.1.2.3', port: 5432 }))).toEqual({
        code: 'XX000',
        message: 'cannot add a worker node when the coordinator hostname is set to localhost',
      });
      await cluster().query(`SELECT citus_set_coordinator_host('127.0.0.1', $1)`, [
        cluster().coordinator.port,
      ]);
    });

    it('changes no node while one is dead, but removes a dead one that holds nothing', async () => {
      await addNode(cluster(), third);
      await third.kill();
      const change = cluster().query(
        `SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', true)`,
        [cluster().workers[0]?.port],
      );
      expect((await refusal(change)).code).toBe('08006');
      await cluster().query(`SELECT citus_remove_node('127.0.0.1', $1)`, [third.port]);
      await third.start();
    });

    it('removes a dead node with reference tables only after it was disabled', async () => {
      await addNode(cluster(), third);
      await cluster().query('SELECT replicate_reference_tables()');
      await third.kill();
      const remove = (): Promise<unknown> =>
        cluster().query(`SELECT citus_remove_node('127.0.0.1', $1)`, [third.port]);
      expect((await refusal(remove())).message).toContain('Connection refused');
      await cluster().query(`SELECT citus_disable_node('127.0.0.1', $1, synchronous => true)`, [third.port]);
      await remove();
      await third.start();
    });

    it('removes a dead node with reference tables when its metadata sync is stopped before', async () => {
      await addNode(cluster(), third);
      await cluster().query('SELECT replicate_reference_tables()');
      await third.kill();
      await withClient(cluster().coordinator.login, async (client) => {
        await client.query('BEGIN');
        await client.query(`SELECT stop_metadata_sync_to_node('127.0.0.1', $1)`, [third.port]);
        await client.query(`SELECT citus_remove_node('127.0.0.1', $1)`, [third.port]);
        await client.query('COMMIT');
      });
      expect(await cluster().query('SELECT FROM pg_dist_node WHERE nodeport = $1', [third.port])).toEqual([]);
    });
  },
);
