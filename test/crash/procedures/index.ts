import { setTimeout as sleep } from 'node:timers/promises';
import { byHand, placedShards, putOff } from '../../support/make-leftovers.js';
import type { Operation } from '../../support/stage.js';
import type { Lane } from '../lane.js';
import { scaleOutByClone } from './by-clone.js';
import { deadWorker } from './dead-worker.js';
import type { Procedure } from './procedure.js';
import { terminateAndWait } from './terminate.js';
import { thirdWorker } from './third-worker.js';

const inFirstMove = {
  activity: 'moveShardGroups',
  nth: 1,
  moment: 'sent',
  call: { label: 'citus_move_shard_placement', nth: 1 },
} as const;

const fullThird = async (lane: Lane): Promise<object> => ({
  nodes: [await thirdWorker(lane, { withShards: true })],
});

/** Of each kind, and two tables. */
async function someOfEachLeftover(lane: Lane): Promise<object> {
  const cluster = lane.cluster();
  const [first, second] = await placedShards(cluster, 'orders');
  if (!first || !second) throw new Error('no shards');
  for (const { name, other } of [first, second])
    await byHand(other, `create table ${name} (tenant_id bigint, order_id bigint)`);
  await byHand(
    first.other,
    'create publication citus_shard_move_publication_7_10_900',
    'create role citus_shard_move_subscription_role_10_900 superuser login',
    `create subscription citus_shard_move_subscription_10_900 connection 'host=127.0.0.1 port=1' publication p
       with (connect = false, enabled = false, create_slot = false, slot_name = 'citus_shard_move_slot_7_10_901')`,
    'alter subscription citus_shard_move_subscription_10_900 owner to citus_shard_move_subscription_role_10_900',
    `select pg_create_logical_replication_slot('citus_shard_move_slot_7_10_900', 'pgoutput')`,
  );
  await putOff(cluster, { name: `public.${first.name}`, groupId: 99 });
  return {};
}

/** The third worker, without the metadata. */
async function isolatedThird(lane: Lane): Promise<object> {
  const node = await thirdWorker(lane, { withShards: true });
  const port = Number(node.split(':')[1]);
  await lane.cluster().query(`select stop_metadata_sync_to_node('127.0.0.1', $1)`, [port]);
  return { node };
}

const cancel = (op: Operation): Promise<void> => op.cancel();
const terminate = (op: Operation): Promise<void> => op.terminate();

/** Cancelled while the coordinator is down, which starts again some seconds later. */
const whileCoordinatorIsAway = {
  act: async (op: Operation, lane: Lane): Promise<void> => {
    await lane.cluster().coordinator.kill();
    await op.cancel();
  },
  meanwhile: async (lane: Lane): Promise<void> => {
    await sleep(5_000);
    await lane.cluster().coordinator.start();
  },
};

/** What is undone when everything is over, and who stops what still runs before that. */
const takingBack = (activity: string): boolean => /^(?:undo|endStatements)$/.test(activity);

/** The kinds of the undo ledger: what makes the entry's effect, in which operation. */
const kinds = [
  { kind: 'machine', ...scaleOutByOne(), activity: 'startMachine', label: 'program-start' },
  { kind: 'registration', ...scaleOutByOne(), activity: 'registerNodes', label: 'citus_add_node' },
  { kind: 'setting', ...scaleOutByOne(), activity: 'lowerSettings', label: 'alter-system' },
  { kind: 'node-mark', ...drainOfThird(), activity: 'markNodes', label: 'citus_set_node_property' },
  {
    kind: 'metadata-sync',
    ...takingBackThird(),
    activity: 'changeMetadataSync',
    label: 'start_metadata_sync_to_node',
  },
] as const;

function scaleOutByOne() {
  return { of: 'scale-out', type: 'scaleOut', input: { add: 1 } } as const;
}

function drainOfThird() {
  return { of: 'drain', type: 'drainWorker', input: {}, prepare: fullThird } as const;
}

function takingBackThird() {
  return { of: 'take-back', type: 'isolateWorker', input: { undo: true }, prepare: isolatedThird } as const;
}

/** Somebody stops the operation at an effect: the entry is made and no more, it is under way, it is there. */
const stops = (['entered', 'sent', 'answered'] as const).flatMap((when) => [
  { name: `cancelled-at`, when, act: cancel },
  { name: `terminated-at`, when, act: terminate },
]);

/** For each kind what was done last is what is undone first. */
const undoing: Procedure[] = kinds.flatMap(({ kind, of, activity, label, ...what }) => {
  const call = { label, nth: 1 };
  const common = { ...what, undone: true, racy: true };
  const before = { activity, nth: 1, moment: 'before' } as const;
  return [
    ...stops.map(({ name, when, act }): Procedure => ({
      ...common,
      name: `${of}-${name}-${kind}-${when}`,
      steer: { at: when === 'entered' ? before : { activity, nth: 1, moment: when, call }, act },
      crashes: (each, nth) => each === activity || (when === 'answered' && each === 'undo' && nth === 1),
    })),
    {
      ...common,
      name: `${of}-terminated-before-${kind}`,
      // A program can't be held up once it is on its way.
      steer: {
        at: label.startsWith('program-') ? before : { activity, nth: 1, moment: 'unsent', call },
        act: terminateAndWait,
      },
      crashes: () => false,
    },
  ];
});

/** Cancelled while the coordinator is away: nothing is undone, or said to be, before it is back. */
const awayAtCancel: Procedure[] = [
  { name: 'scale-out-cancelled-away', ...scaleOutByOne(), at: inFirstMove },
  { name: 'drain-cancelled-away', ...drainOfThird(), at: inFirstMove },
  ...kinds
    .filter(({ kind }) => kind === 'registration' || kind === 'node-mark')
    .map(({ kind, of, activity, label, ...what }) => ({
      ...what,
      name: `${of}-cancelled-away-at-${kind}`,
      at: { activity, nth: 1, moment: 'sent', call: { label, nth: 1 } } as const,
    })),
].map(({ at, name, type, input, ...prepared }) => ({
  name,
  type,
  input,
  ...('prepare' in prepared && { prepare: prepared.prepare }),
  undone: true,
  racy: true,
  steer: { at, ...whileCoordinatorIsAway },
  crashes: takingBack,
}));

export const procedures: Procedure[] = [
  { name: 'scale-out', type: 'scaleOut', input: { add: 1 }, faults: true },
  {
    name: 'scale-out-with-owners-setting',
    type: 'scaleOut',
    input: {},
    prepare: async (lane) => {
      const node = await lane.cluster().addNode();
      await node.query(`alter system set wal_retrieve_retry_interval = '3s'`);
      await node.query('select pg_reload_conf()');
      return { nodes: [node.address] };
    },
    crashes: (activity) => /Settings|verify|undo/.test(activity),
  },
  {
    name: 'scale-out-cancelled',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: inFirstMove, act: cancel },
    undone: true,
  },
  {
    name: 'scale-out-cancelled-early',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: { activity: 'registerNodes', nth: 1, moment: 'before' }, act: cancel },
    undone: true,
  },
  {
    name: 'scale-out-terminated',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: inFirstMove, act: terminate },
    undone: true,
  },
  {
    name: 'rebalance',
    type: 'rebalance',
    input: {},
    prepare: async (lane) => {
      await thirdWorker(lane, { withShards: false });
      return {};
    },
  },
  { name: 'drain', type: 'drainWorker', input: {}, prepare: fullThird },
  {
    name: 'drain-cancelled',
    type: 'drainWorker',
    input: {},
    prepare: fullThird,
    steer: { at: inFirstMove, act: cancel },
    undone: true,
  },
  {
    name: 'drain-terminated',
    type: 'drainWorker',
    input: {},
    prepare: fullThird,
    steer: { at: inFirstMove, act: terminate },
    undone: true,
  },
  { name: 'remove', type: 'removeWorker', input: {}, prepare: fullThird, faults: true },
  {
    name: 'remove-cancelled',
    type: 'removeWorker',
    input: {},
    prepare: fullThird,
    steer: { at: inFirstMove, act: cancel },
    undone: true,
  },
  {
    // Past the point of no return it goes on to its end.
    name: 'remove-cancelled-too-late',
    type: 'removeWorker',
    input: {},
    prepare: fullThird,
    steer: { at: { activity: 'removeWorkerNode', nth: 1, moment: 'before' }, act: cancel },
  },
  {
    // A worker that lives, and is isolated all the same: a dead one could not be compared.
    name: 'isolate',
    type: 'isolateWorker',
    input: { acceptChecks: ['isolated-node-away'], reason: 'to see it' },
    prepare: async (lane) => ({ node: await thirdWorker(lane, { withShards: true }) }),
    crashes: (activity) => /Sync|Isolation/.test(activity),
  },
  { name: 'take-back', type: 'isolateWorker', input: { undo: true }, prepare: isolatedThird },
  {
    // Once its standby is promoted and nobody was switched to it, it ends otherwise: test/integration/hold has that.
    name: 'replace',
    type: 'replaceWorker',
    input: {},
    prepare: async (lane) => ({ node: await thirdWorker(lane, { withShards: true }) }),
    maySpend: true,
    crashes: (activity) => /Clone|[Hh]old|Replacement|Machine|stopRemoved/.test(activity),
  },
  {
    name: 'clean-up',
    type: 'cleanUp',
    input: {},
    prepare: someOfEachLeftover,
    crashes: (activity) => /CleanUp|Leftovers/.test(activity),
  },
  ...scaleOutByClone,
  ...deadWorker,
  ...undoing,
  ...awayAtCancel,
];
