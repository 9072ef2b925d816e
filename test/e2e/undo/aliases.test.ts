import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { setStage, type Operation, type Stage } from '../../support/stage.js';
import { lockKeepers } from '../../support/undo.js';

/** One lock a server, whatever the config calls it: by name or address, and each database of it. */
let stage: Stage;
const open: Operation[] = [];
beforeAll(async () => {
  stage = await setStage({
    aliases: [
      { name: 'by-name', coordinator: { host: 'localhost' } },
      { name: 'other-database', coordinator: { database: 'postgres' } },
    ],
  });
});
afterEach(async () => {
  for (const op of open.splice(0)) await op.terminate().catch(() => undefined);
});
afterAll(() => stage.end());

async function planned(id: string, cluster: string): Promise<Operation> {
  const op = await stage.start('scaleOut', id, { cluster, add: 1, approval: 'required' });
  open.push(op);
  await op.until('holding the lock', ({ state }) => state === 'awaiting-approval');
  return op;
}

test('the lock is named after the server’s system identifier', async () => {
  await planned('named', 'demo');
  const [row] = await stage.cluster.query<{ id: string }>(
    'select system_identifier::text as id from pg_control_system()',
  );
  expect(await lockKeepers(stage)).toEqual([`citus-scaler/lock/${row?.id}`]);
});

test.each(['by-name', 'other-database'])(
  'a second operation under %s is told that the cluster is busy, with both names',
  async (alias) => {
    const holder = await planned(`holder-of-${alias}`, 'demo');
    const op = await stage.start('scaleOut', `second-${alias}`, {
      cluster: alias,
      add: 1,
      approval: 'required',
    });
    open.push(op);
    const { state } = await op.until('refused', (each) =>
      ['failed', 'awaiting-approval'].includes(each.state),
    );
    expect(state, 'two operations on one cluster').toBe('failed');
    const failure = await op.result().then(String, (error: unknown) => (error as Error).cause);
    expect(failure).toMatchObject({ type: 'ClusterBusy' });
    const { message } = failure as Error;
    expect(message).toContain(holder.id);
    expect(message).toContain('demo');
    expect(message).toContain(alias);
  },
);
