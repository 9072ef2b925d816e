import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, type Operation } from '../support/stage.js';
import { setPatroniStage, whyNoPatroni, type PatroniStage } from '../support/patroni-stage.js';

describe.skipIf(whyNoPatroni !== undefined)(
  `a cluster that Patroni runs${whyNoPatroni === undefined ? '' : ` (${whyNoPatroni})`}`,
  () => {
    let stage: PatroniStage;
    let rows: Record<string, string>;
    beforeAll(async () => {
      stage = await setPatroniStage([2, 2, 2]);
      // More than a moment for each move, so that something can happen in the midst of it.
      await stage.cluster.query(
        `insert into orders select i % 200 + 1, i, repeat(md5(i::text), 30) from generate_series(5000, 60000) i`,
      );
      rows = await fingerprint(stage.cluster);
    });
    afterAll(() => stage.end());

    test('a drain rides out the switchover of the group that it moves to', async () => {
      const to = await stage.cluster.leader(1);
      const drain = await stage.start('drainWorker', 'drain', {
        nodes: [(await stage.cluster.leader(2)).address],
        parallelMoves: 1,
      });
      await inMidMove(drain);
      await stage.cluster.switchover(1);
      const report = await drain.result();
      expect(report.state).toBe('done');
      expect(await stage.cluster.leader(1)).not.toBe(to);
      expect(await stage.shardsOf(2)).toBe(0);
      await asBefore();
    });

    test('a rebalance rides out the death of the primary that it moves to, and of the coordinator', async () => {
      const { cluster } = stage;
      const undo = await stage.start('drainWorker', 'undo', {
        nodes: [(await cluster.leader(2)).address],
        undo: true,
      });
      await undo.result();
      const rebalance = await stage.start('rebalance', 'rebalance', { parallelMoves: 1 });
      await inMidMove(rebalance);
      const target = await cluster.leader(2);
      const madeBefore = (await rebalance.status()).progress?.done ?? 0;
      await target.kill();
      await rebalance.until('moving on', ({ progress }) => (progress?.done ?? 0) > madeBefore + 1, 150);
      // It comes back as a standby, with the setting that was lowered on it when it was the primary.
      target.start();
      const coordinator = await cluster.leader(0);
      await coordinator.kill();
      const report = await rebalance.result();
      expect(report.state).toBe('done');
      coordinator.start();
      await cluster.untilRegistered(6);
      expect(await cluster.leader(2)).not.toBe(target);
      expect(await stage.shardsOf(2)).toBeGreaterThan(0);
      await asBefore();
    });

    test('a dead primary that has a standby is left to Patroni, and waited for', async () => {
      const { cluster } = stage;
      const primary = await cluster.leader(2);
      await primary.kill();
      const left = await stage.start('emergencyRemoveWorker', 'left', {
        node: primary.address,
        waitForReturn: '2m',
        acceptChecks: ['other-workers-answer'],
        reason: 'its machine is gone',
      });
      const report = await left.result();
      const successor = await cluster.leader(2);
      expect(report.notes).toContain(
        `${successor.address} is in the place of ${primary.address} by now: nothing was taken out`,
      );
      primary.start();
      await cluster.untilRegistered(6);
      await asBefore();
    });

    test('a group that is dead is given up once a person has confirmed that Patroni has let go', async () => {
      const { cluster } = stage;
      const primary = await cluster.leader(2);
      await Promise.all(cluster.group(2).map((member) => member.kill()));
      const input = {
        node: primary.address,
        deadFor: '1s',
        acceptChecks: ['other-workers-answer', 'known-standby'],
        reason: 'both machines are gone',
      };
      const asked = await stage.start('emergencyRemoveWorker', 'ask', { ...input, dryRun: true });
      const { plan } = await asked.result();
      const giveUp = await stage.start('emergencyRemoveWorker', 'give-up', {
        ...input,
        acceptDataLoss: plan?.loss?.sentence,
      });
      await giveUp.until('asked', ({ state }) => state === 'awaiting-approval', 120);
      await giveUp.update('approve', { by: 'test' });
      const waiting = await giveUp.until('parked', ({ attention }) => attention !== undefined, 120);
      expect(waiting.attention?.problem).toBe(`whether Patroni has let go of group 2 can't be seen`);
      expect(waiting.pointOfNoReturn).toBeUndefined();
      await giveUp.update('retry', { by: 'test' });
      const report = await giveUp.result();
      expect(report.state).toBe('done');
      expect(await cluster.query('select from pg_dist_node where groupid = 2')).toEqual([]);
      expect(await stage.shardsOf(2)).toBe(0);
    });

    /** Rows and settings are as they were, the latter on every member. */
    async function asBefore(): Promise<void> {
      expect(await fingerprint(stage.cluster)).toEqual(rows);
      const settings = stage.cluster.members.map(async (member) => {
        const [row] = await member.query<{ value: string }>(
          `select current_setting('wal_retrieve_retry_interval') as value`,
        );
        return `${member.name} ${row?.value ?? ''}`;
      });
      expect(await Promise.all(settings)).toEqual(stage.cluster.members.map(({ name }) => `${name} 5s`));
    }
  },
);

async function inMidMove(operation: Operation): Promise<void> {
  await operation.until(
    'moving',
    ({ progress }) => (progress?.done ?? 0) >= 1 && (progress?.moving.length ?? 0) > 0,
  );
}
