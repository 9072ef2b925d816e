import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour } from '../../sandbox/flavour.js';
import type { SandboxNode } from '../../sandbox/index.js';
import { copyServer, type ServerCopy } from '../support/copy-server.js';
import { flavour, setStage, type Operation, type Stage } from '../support/stage.js';

// The stand-in can't compare shards with their siblings.
const onCitus = test.runIf(findFlavour(flavour).flavour === 'citus');
let stage: Stage;
let dead: SandboxNode;
let backup: ServerCopy;
beforeAll(async () => {
  stage = await setStage();
  const [, second] = stage.cluster.workers;
  if (!second) throw new Error('no worker');
  dead = second;
  backup = await copyServer(stage.cluster, dead);
  await stage.cluster.query(`insert into plans values (3, 'made after the backup')`);
  await dead.kill();
});
afterAll(async () => {
  await backup.stop();
  await stage.end();
});

const restore = (id: string): Promise<Operation> =>
  stage.start('emergencyRemoveWorker', id, { node: dead.address, deadFor: '1s', restored: backup.address });

onCitus(
  'a restored server takes the place once a person has approved what is lost by it; asked again it is found there',
  async () => {
    const op = await restore('restored');
    // Though it was started without the need for an approval.
    const { plan } = await op.until('asking', ({ state }) => state === 'awaiting-approval', 60);
    const rung = plan?.rungs?.find(({ chosen }) => chosen);
    expect(rung).toMatchObject({ id: 'restored', losesData: true });
    expect(rung?.why).toMatch(/older there get the present rows first: plans/);
    await op.update('approve', { by: 'test', planHash: plan?.hash });
    const report = await op.result();
    expect(report).toMatchObject({ state: 'done', removed: [dead.address] });
    expect(report.notes.join('\n')).toMatch(/are as the backup of .* has them/);
    await stage.cluster.query(`insert into plans values (4, 'written')`);

    const again = await (await restore('again')).result();
    expect(again.state).toBe('done');
    expect(again.notes.join('\n')).not.toMatch(/backup/);
  },
);
