import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { nodeActivities } from '../../../src/activities/nodes/activities.js';
import { undoActivities } from '../../../src/activities/undo/activities.js';
import type { Attention } from '../../../src/contract/index.js';
import { follow } from '../../support/follow-remedy.js';
import { asActivity } from '../../support/activity-stage.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

describe.skipIf(findFlavour(flavour).flavour !== 'citus')('registering a server (real Citus)', () => {
  let cluster: SandboxCluster;
  let node: SandboxNode;
  const afterwards: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ workers: 1, flavour });
    node = await cluster.addNode();
  });
  afterEach(async () => {
    for (const undo of afterwards.splice(0).reverse()) await undo();
  });
  afterAll(() => cluster.stop());

  async function on(...statements: string[]): Promise<void> {
    const client = new pg.Client({ ...node.login, database: 'postgres' });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }

  const registering = (told: (Attention | null)[] = []): Promise<unknown> =>
    asActivity({ clusters: [configOf(cluster)], told }, (context) =>
      nodeActivities(context).registerNodes({
        cluster: 'demo',
        lockId: 'lock',
        entries: [{ id: 'r', kind: 'registration', node: node.address, before: 'absent', groupId: 70 }],
      }),
    );

  test('that takes no writes waits for a person at once, and names what makes it so', async () => {
    await on(`alter database ${cluster.database} set default_transaction_read_only = on`);
    afterwards.push(() => on(`alter database ${cluster.database} reset default_transaction_read_only`));
    await expect(registering()).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: `${node.address} takes no writes (default_transaction_read_only)`,
      details: [
        {
          evidence: expect.arrayContaining([
            `default_transaction_read_only = on on ${node.address}: ALTER DATABASE app SET`,
          ]) as string[],
        },
      ],
    });
  });

  test('whose commits wait for a standby that isn’t there is told, and ending it waits and says so', async () => {
    await on(`alter system set synchronous_standby_names = 'nobody'`, 'select pg_reload_conf()');
    const mend = (): Promise<void> =>
      on('alter system reset synchronous_standby_names', 'select pg_reload_conf()');
    afterwards.push(mend);
    const told: (Attention | null)[] = [];
    const registered = registering(told);
    await expect.poll(() => told.length, { timeout: 40_000 }).toBe(1);
    const why = `on ${node.address} commits wait for a synchronous standby that isn't there`;
    expect(told[0]).toMatchObject({
      problem: expect.stringContaining('the registration of a worker') as string,
      evidence: expect.stringContaining(why) as string,
    });

    // As a cancel does it. At its first look the cause can't be seen yet.
    node.freeze();
    const toldAtEnd: (Attention | null)[] = [];
    const ended = asActivity({ clusters: [configOf(cluster)], told: toldAtEnd }, (context) =>
      undoActivities(context).endStatements({
        cluster: 'demo',
        operationId: 'operation',
        joining: [node.address],
      }),
    );
    await expect.poll(() => toldAtEnd.length, { timeout: 60_000 }).toBe(1);
    node.thaw();
    expect(toldAtEnd[0]?.evidence).toContain(`${node.address} gives no answer`);
    await follow(cluster, told[0]?.remedies.map(({ text }) => text).join('; ') ?? '');
    await Promise.all([registered, ended]);
    expect(told.at(-1)).toBeNull();
    expect(toldAtEnd.at(-1)).toBeNull();
  });
});
