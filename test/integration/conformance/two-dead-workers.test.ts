import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { addNode, inSync, placements, refusal, until } from './questions.js';

conform(
  'two dead workers without shards',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20, events: 40 }),
  (cluster) => {
    let one: SandboxNode;
    let two: SandboxNode;

    const call = (statement: string, { port }: SandboxNode): Promise<unknown> =>
      cluster().query(`SELECT ${statement}('127.0.0.1', $1)`, [port]);
    /** Not the first worker by its port, which would have to be disabled in another way. */
    const added = async (): Promise<SandboxNode> => {
      const node = await cluster().addNode();
      const first = Math.min(
        ...cluster()
          .workers.slice(0, 2)
          .map(({ port }) => port),
      );
      if (node.port < first) return added();
      await addNode(cluster(), node);
      return node;
    };

    beforeAll(async () => {
      one = await added();
      two = await added();
      await cluster().query('SELECT replicate_reference_tables()');
      await Promise.all([one.kill(), two.kill()]);
    });

    afterAll(() => Promise.all([one.start(), two.start()]));

    it('are not removed, since copies of reference tables have to be given up on all nodes', async () => {
      const { code, message } = await refusal(call('citus_remove_node', one));
      expect(code).toBe('08006');
      expect(message).toContain('Connection refused');
    });

    it('are disabled one by one, whoever else is dead', async () => {
      await call('citus_disable_node', one);
      const state = 'SELECT isactive FROM pg_dist_node WHERE nodeport = $1';
      expect(await cluster().query(state, [one.port])).toEqual([{ isactive: false }]);
    });

    it('are not removed while another that is not disabled has not heard of it', async () => {
      const live = cluster()
        .workers.slice(0, 2)
        .map(({ port }) => port);
      const late = 'SELECT FROM pg_dist_node WHERE nodeport = ANY ($1) AND NOT metadatasynced';
      await until('the others', async () => (await cluster().query(late, [live])).length === 0);
      expect(await refusal(call('citus_remove_node', one))).toEqual({
        code: '55000',
        message: `${two.address} is a metadata node, but is out of sync`,
      });
    });

    it('are removed once all of them are disabled', async () => {
      await call('citus_disable_node', two);
      await inSync(cluster());
      await call('citus_remove_node', one);
      await call('citus_remove_node', two);
      expect(await placements(cluster(), 'plans')).toHaveLength(3);
      await cluster().query(`INSERT INTO plans VALUES (80, 'again')`);
    });

    it('know nothing of it when they come back', async () => {
      await one.start();
      expect(await one.query('SELECT FROM pg_dist_node')).toHaveLength(5);
    });
  },
);
