import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxNode } from '../../sandbox/index.js';
import type { HealthAnswer } from '../../src/contract/index.js';
import { histories } from '../support/histories.js';
import { makeRoles, noRoles, type Roles } from '../support/roles.js';
import { midMove } from '../support/slow-moves.js';
import { fingerprint, retryIntervals, setStage, workersOf, type Stage } from '../support/stage.js';

describe.skipIf(noRoles !== undefined)(
  `an operator that is no superuser (${noRoles ?? 'real Citus'})`,
  () => {
    let stage: Stage;
    let roles: Roles;
    let extra: SandboxNode;
    beforeAll(async () => {
      stage = await setStage({
        start: { settings: { log_connections: 'on' } },
        wishes: async (cluster) => {
          roles = await makeRoles(cluster);
          const { operator, observer } = roles;
          return {
            provisioner: false,
            coordinator: { user: operator.user, passwordFile: operator.passwordFile },
            observer: { user: observer.user, passwordFile: observer.passwordFile },
          };
        },
      });
      extra = await stage.cluster.addNode();
      await roles.prepare(extra);
    });
    afterAll(() => stage.end());

    test('cancels in mid-move: moves end, settings and registration are given back', async () => {
      const before = await workersOf(stage.cluster);
      const { op, release } = await midMove(stage, 'op-cancelled', { nodes: [extra.address] });
      try {
        expect(await retryIntervals(stage.cluster)).toContain('100ms');
        expect((await op.status()).undo).toBeDefined();
        await op.cancel();
        await op.until('cancelled', ({ state }) => state === 'cancelled');
      } finally {
        await release();
      }
      expect(await workersOf(stage.cluster)).toEqual(before);
      expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
      expect(await extra.query('SELECT * FROM pg_dist_node')).toEqual([]);
    });

    test('adds a worker and moves its share to it, with the setting lowered and given back', async () => {
      const before = await fingerprint(stage.cluster);
      extra = await stage.cluster.addNode();
      await roles.prepare(extra);
      const op = await stage.scaleOut('op-done', { nodes: [extra.address] });
      const report = await op.result();
      expect(report.state).toBe('done');
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      // Whatever a role may not is a note.
      expect(report.notes).toEqual([]);
      const workers = await workersOf(stage.cluster);
      expect(workers).toHaveLength(3);
      expect(workers.every(({ shards }) => shards > 0)).toBe(true);
      expect(await fingerprint(stage.cluster)).toEqual(before);
      expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
    });

    test('is looked at by the observer', async () => {
      const handle = await stage.client.workflow.start('inspect', {
        taskQueue: 'citus-scaler',
        workflowId: 'inspected',
        args: [{ cluster: 'demo', what: 'health' }],
      });
      const health = (await handle.result()) as HealthAnswer;
      expect(health.nodesTotal).toBe(4);
      expect(health.checks.filter(({ ok }) => !ok)).toEqual([]);
    });

    test('empties a worker, puts it back in service, and takes it out of the cluster', async () => {
      const before = await fingerprint(stage.cluster);
      const nodes = [extra.address];
      const drained = await (await stage.start('drainWorker', 'op-drained', { nodes })).result();
      expect(drained.after?.workers.find(({ node }) => node === extra.address)?.shards).toBe(0);
      const back = await (await stage.start('drainWorker', 'op-back', { nodes, undo: true })).result();
      expect(back.after?.workers.find(({ node }) => node === extra.address)?.shouldHaveShards).toBe(true);
      await (await stage.start('rebalance', 'op-even', { strategy: 'by_shard_count' })).result();
      const removed = await (await stage.start('removeWorker', 'op-removed', { nodes })).result();
      expect(removed.state).toBe('done');
      expect(removed.movedShardGroups).toBeGreaterThan(0);
      expect(await workersOf(stage.cluster)).toHaveLength(2);
      expect(await extra.query('SELECT * FROM pg_dist_node')).toEqual([]);
      expect(await fingerprint(stage.cluster)).toEqual(before);
    });

    test('leaves no password in any history or log', async () => {
      const secrets = [roles.operator, roles.observer, roles.owner].map(({ password }) => password);
      const kept = [...(await histories(stage.client)).values(), stage.worker.log()].join('\n');
      expect(kept).toContain(extra.address);
      for (const secret of [...secrets, stage.cluster.password]) expect(kept).not.toContain(secret);
    });
  },
);
