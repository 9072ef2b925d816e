import { afterAll, beforeAll, expect, test } from 'vitest';
import { setStage, type Stage } from '../../support/stage.js';
import { lockKeepers } from '../../support/undo.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({
    aliases: [{ name: 'staging', coordinator: { host: 'localhost' }, lockName: 'staging' }],
  });
});
afterAll(() => stage.end());

test('a lockName separates what has the system identifier of another, as a physical copy for staging does', async () => {
  for (const cluster of ['demo', 'staging']) {
    const op = await stage.start('scaleOut', `in-${cluster}`, { cluster, add: 1, approval: 'required' });
    await op.until('holding the lock', ({ state }) => state === 'awaiting-approval');
  }
  const [row] = await stage.cluster.query<{ id: string }>(
    'select system_identifier::text as id from pg_control_system()',
  );
  const id = `citus-scaler/lock/${row?.id}`;
  expect((await lockKeepers(stage)).sort()).toEqual([id, `${id}/staging`]);
});
