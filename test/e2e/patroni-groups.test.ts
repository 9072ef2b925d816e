import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint } from '../support/stage.js';
import { setPatroniStage, whyNoPatroni, type PatroniStage } from '../support/patroni-stage.js';

const without = whyNoPatroni === undefined ? '' : ` (${whyNoPatroni})`;

describe.skipIf(without !== '')(`groups of Patroni that come and go${without}`, () => {
  let stage: PatroniStage;
  let rows: Record<string, string>;
  beforeAll(async () => {
    stage = await setPatroniStage([1, 2]);
    rows = await fingerprint(stage.cluster);
  });
  afterAll(() => stage.end());

  test('a scale-out waits until Patroni registers a group, and fills it', async () => {
    const { cluster } = stage;
    const address = `127.0.12.1:${cluster.port}`;
    const grow = await stage.start('scaleOut', 'grow', { nodes: [address] });
    const waiting = await grow.until('waiting', ({ attention }) => attention !== undefined);
    expect(waiting.attention?.problem).toBe(`Patroni hasn't registered ${address} yet`);
    await cluster.addGroup(2, 2);
    const report = await grow.result();
    expect(report.movedShardGroups).toBeGreaterThan(0);
    expect(await stage.shardsOf(2)).toBeGreaterThan(0);
    await cluster.untilRegistered(5);
    expect(await fingerprint(cluster)).toEqual(rows);
  });

  test('a removal empties a group, waits until Patroni has let go, and takes all of its rows out', async () => {
    const { cluster } = stage;
    const [first, second] = cluster.group(2);
    if (!first || !second) throw new Error('no group');
    const remove = await stage.start('removeWorker', 'shrink', { nodes: [first.address] });
    const waiting = await remove.until('waiting', ({ attention }) => attention !== undefined);
    expect(waiting.attention?.evidence).toContain(`${first.address}: its Patroni answers`);
    expect(waiting.attention?.evidence).toContain(second.address);
    expect(waiting.pointOfNoReturn).toBeUndefined();
    expect(await stage.shardsOf(2)).toBe(0);
    // The primary first, as somebody may: its standby takes over, and runs.
    await first.stop();
    expect(await cluster.leader(2)).toBe(second);
    expect((await remove.status()).state).not.toBe('done');
    await second.stop();
    const report = await remove.result();
    expect(report.removed).toEqual([first.address]);
    expect(await cluster.query('select from pg_dist_node where groupid = 2')).toEqual([]);
    expect(await fingerprint(cluster)).toEqual(rows);
  });
});
