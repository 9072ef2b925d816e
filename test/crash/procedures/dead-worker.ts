import type { SandboxNode } from '../../../sandbox/index.js';
import { killAndGiveUp } from '../../integration/rescue/support.js';
import { operation } from '../../support/stage.js';
import type { Lane } from '../lane.js';
import type { Procedure } from './procedure.js';
import { thirdOf, thirdWorker } from './third-worker.js';

const type = 'emergencyRemoveWorker';
const ofRescue =
  /Death|Return|planRescue|Dead|StandIns|Rebuilt|Rescue|Standby|Place|Succession|ReferenceTables|moveShardGroups/;
const crashes = (activity: string): boolean => ofRescue.test(activity);

const third = (withShards: boolean) => async (lane: Lane) => ({
  node: await thirdWorker(lane, { withShards }),
  deadFor: '0s',
});

async function killThird(lane: Lane): Promise<object> {
  await thirdOf(lane).kill();
  return {};
}

const standbyName = 'standby-';

function standbyOfThird(lane: Lane): Promise<SandboxNode> {
  return lane.cluster().standbyOf(thirdOf(lane), { name: standbyName });
}

/** What a dry run says is lost is accepted. */
async function acceptLoss(lane: Lane): Promise<object> {
  const { address } = thirdOf(lane);
  await killThird(lane);
  const look = operation(lane.client, `look-${process.pid}-${address}`);
  await lane.client.workflow.start(type, {
    taskQueue: 'citus-scaler',
    workflowId: look.id,
    args: [{ cluster: 'demo', node: address, dryRun: true }],
  });
  const { plan } = await look.result();
  return { acceptDataLoss: plan?.loss?.sentence };
}

/** A dead worker, by each way out, and one that came back. */
export const deadWorker: Procedure[] = [
  {
    name: 'rescue-no-shards',
    type,
    input: { waitForReturn: '1s' },
    prepare: third(false),
    befall: killThird,
    crashes,
  },
  {
    name: 'rescue-standby',
    type,
    input: {},
    prepare: async (lane) => {
      const input = await third(true)(lane);
      const [standby, primary] = [await standbyOfThird(lane), thirdOf(lane)];
      const addresses = [standby.host, standby.port, primary.host, primary.port];
      await lane.cluster().query('select citus_add_secondary_node($1, $2, $3, $4)', addresses);
      return input;
    },
    befall: killThird,
    crashes,
  },
  {
    // Its backup is older than a row of a reference table.
    name: 'rescue-restored',
    type,
    input: {},
    prepare: async (lane) => {
      const input = await third(true)(lane);
      const restored = await standbyOfThird(lane);
      await restored.query('select pg_promote()');
      await restored.stop();
      await lane.cluster().query(`insert into plans values (3, 'made after the backup')`);
      return { ...input, restored: restored.address };
    },
    befall: async (lane) => {
      await killThird(lane);
      await lane
        .cluster()
        .workers.find(({ name }) => name.startsWith(standbyName))
        ?.start();
      return {};
    },
    crashes,
  },
  {
    name: 'rescue-give-up',
    type,
    input: {},
    prepare: third(true),
    befall: acceptLoss,
    changesRows: true,
    crashes,
  },
  {
    // Of some rows the cluster has newer ones by now.
    name: 'salvage',
    type: 'salvageWorker',
    input: {},
    prepare: async (lane) => {
      const node = await thirdWorker(lane, { withShards: true });
      await killAndGiveUp(lane.cluster(), thirdOf(lane));
      await lane
        .cluster()
        .query(`insert into tenants select i, 'newer' from generate_series(1, 50) i on conflict do nothing`);
      return { node };
    },
    befall: async (lane) => {
      await thirdOf(lane).start();
      return {};
    },
    afterwards: async (lane) => {
      const back = thirdOf(lane);
      const through = await back.query('update tenants set name = name').catch(() => 'refused');
      await back.stop('immediate');
      if (through !== 'refused') throw new Error(`${back.address} is not fenced`);
    },
    changesRows: true,
    // The tables are brought over one like the other.
    crashes: (activity, nth) => /Salvage|Returned/.test(activity) || (activity === 'bringTable' && nth === 1),
  },
];
