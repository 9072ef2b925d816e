import pg from 'pg';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { nodeActivities } from '../../../src/activities/nodes/activities.js';
import { isPassingError } from '../../../src/activities/runtime/classify.js';
import { ConnectionLostError } from '../../../src/citus/session/connect.js';
import { withAnswers } from '../../../src/citus/session/lost-answer.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import { asActivity } from '../../support/activity-stage.js';
import { openSilentWay, type SilentWay } from '../../support/silent-way.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

let cluster: SandboxCluster;
let fresh: SandboxNode;
let holder: pg.Client;
const ways: SilentWay[] = [];

beforeAll(async () => {
  cluster = await startCluster({ workers: 1, flavour });
  fresh = await cluster.addNode();
  holder = new pg.Client({ ...cluster.coordinator.login, database: cluster.database });
  await holder.connect();
});
afterAll(async () => {
  await holder.end();
  for (const way of ways) await way.close();
  await cluster.stop();
});

async function newWay(): Promise<SilentWay & { config: ClusterConfig }> {
  const way = await openSilentWay(cluster.coordinator.port);
  ways.push(way);
  return { ...way, config: configOf(cluster, { coordinator: { port: way.port } }) };
}

/** Registers the fresh server, and marks the worker. */
function change(deed: 'register' | 'mark', config: ClusterConfig, attempt: number): Promise<unknown> {
  const order = { cluster: 'demo', lockId: 'lock' };
  const marked = cluster.workers[0]?.address ?? '';
  return asActivity<unknown>({ clusters: [config], attempt }, (context) =>
    deed === 'mark'
      ? nodeActivities(context).markNodes({
          ...order,
          entries: [{ id: 'm', kind: 'node-mark', node: marked, before: true, during: false }],
        })
      : nodeActivities(context).registerNodes({
          ...order,
          entries: [{ id: 'r', kind: 'registration', node: fresh.address, before: 'absent', groupId: 70 }],
        }),
  );
}

describe.concurrent('an answer that is lost without a word', () => {
  test('ends the attempt to register and to mark, and the next finds it done', async ({ expect }) => {
    const way = await newWay();
    await holder.query('begin');
    await holder.query('lock table pg_dist_node in exclusive mode');
    const startedAt = Date.now();
    const deeds = ['register', 'mark'] as const;
    const first = deeds.map((deed) => change(deed, way.config, 1).catch((error: unknown) => error));
    const waiting = `select from pg_stat_activity
      where application_name ~ ':(register|mark)$' and state = 'active' and wait_event_type = 'Lock'`;
    await expect.poll(() => cluster.query(waiting), { timeout: 20_000, interval: 50 }).toHaveLength(2);
    way.silence();
    await holder.query('rollback');
    for (const error of await Promise.all(first)) {
      expect(error).toBeInstanceOf(ConnectionLostError);
      expect(isPassingError(error)).toBe(true);
    }
    expect(Date.now() - startedAt).toBeLessThan(40_000);

    for (const deed of deeds) await change(deed, way.config, 2);
    const rows = await cluster.query<object>(
      'select nodeport as port, groupid as "group", shouldhaveshards as shards from pg_dist_node where groupid > 0 order by groupid',
    );
    expect(rows).toEqual([
      { port: cluster.workers[0]?.port, group: expect.any(Number) as number, shards: false },
      { port: fresh.port, group: 70, shards: true },
    ]);
  });

  test('is none while the server is at the statement; one that is on its way begins no more', async ({
    expect,
  }) => {
    const way = await newWay();
    const options = { applicationName: 'citus-scaler:test-answers', statementTimeoutSeconds: 0 };
    const [slow, lost] = await Promise.all([
      withAnswers(way.config, options, (db) => db.query(`select 'slept' as word from pg_sleep(17)`)),
      newWay().then(({ config, silence }) =>
        withAnswers(config, options, (db) => {
          silence();
          return db.query('create table never_made ()');
        }).catch((error: unknown) => error),
      ),
    ]);
    expect(slow).toEqual([{ word: 'slept' }]);
    expect(lost).toBeInstanceOf(ConnectionLostError);
    const sessions = 'select from pg_stat_activity where application_name = $1';
    expect(await cluster.query(sessions, [options.applicationName])).toEqual([]);
  });
});
