import type { OperationType } from '../../src/contract/index.js';
import { byHand, placedShards, putOff } from '../support/make-leftovers.js';
import type { Operation } from '../support/stage.js';
import { openWorkflows, type Lane } from './lane.js';
import type { Point } from './point.js';

/** An operation whose every activity is to survive a crash. */
export interface Procedure {
  name: string;
  type: OperationType;
  input: object;
  /** Brings the cluster, that of every case, to where this procedure begins; adds to its input. */
  prepare?: (lane: Lane) => Promise<object>;
  /** What somebody does in its course: crashes are tried from here on. */
  steer?: {
    at: Pick<Point, 'activity' | 'nth' | 'moment' | 'call'>;
    act: (op: Operation, lane: Lane) => Promise<void>;
  };
  /** Whether crashes of this activity are of interest; default all. */
  crashes?: (activity: string) => boolean;
  /** Whether the other faults are tried in its steps too. */
  faults?: boolean;
}

const inFirstMove = {
  activity: 'moveShardGroups',
  nth: 1,
  moment: 'sent',
  call: { label: 'citus_move_shard_placement', nth: 1 },
} as const;

/** A third worker, which the provisioner knows, with a part of the shards: what drains and removals are about. */
async function thirdWorker(lane: Lane, { withShards }: { withShards: boolean }): Promise<string> {
  const cluster = lane.cluster();
  const node = await cluster.addNode({ key: 'crash/third', name: 'provisioned-' });
  await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
  if (!withShards) return node.address;
  const groups = await cluster.query<{ shard: number; from: number; to: number }>(
    `select min(s.shardid)::int as shard, min(f.nodeid) as from, min(t.nodeid) as to
       from pg_dist_shard s join pg_dist_placement p using (shardid) join pg_dist_node f using (groupid)
       join pg_dist_partition d using (logicalrelid), pg_dist_node t
      where d.partmethod = 'h' and t.nodeport = $1
      group by d.colocationid, s.shardminvalue order by s.shardminvalue, d.colocationid limit 4`,
    [node.port],
  );
  for (const { shard, from, to } of groups)
    await cluster.query(`select citus_move_shard_placement($1, $2::int, $3::int, 'block_writes')`, [
      shard,
      from,
      to,
    ]);
  return node.address;
}

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

const whileBorrowing = {
  activity: 'raiseSettings',
  nth: 1,
  call: { label: 'alter-system', nth: 1 },
} as const;

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
    crashes: (activity) => /Settings|Borrowable|verify/.test(activity),
  },
  {
    name: 'scale-out-cancelled',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: inFirstMove, act: (op) => op.cancel() },
  },
  {
    name: 'scale-out-cancelled-early',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: { activity: 'registerNodes', nth: 1, moment: 'before' }, act: (op) => op.cancel() },
  },
  {
    name: 'scale-out-terminated',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: inFirstMove, act: (op) => op.terminate() },
  },
  {
    // The custodian has looked, and gone, before the setting is raised.
    name: 'scale-out-terminated-while-borrowing',
    type: 'scaleOut',
    input: { add: 1 },
    steer: {
      at: { ...whileBorrowing, moment: 'unsent' },
      act: async (op, lane) => {
        await op.terminate();
        await untilClosed(lane);
      },
    },
    crashes: () => false,
  },
  {
    // What is set is not in force yet when the custodian looks.
    name: 'scale-out-terminated-half-borrowed',
    type: 'scaleOut',
    input: { add: 1 },
    steer: { at: { ...whileBorrowing, moment: 'answered' }, act: (op) => op.terminate() },
    crashes: (activity) => activity === 'raiseSettings',
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
    steer: { at: inFirstMove, act: (op) => op.cancel() },
  },
  {
    name: 'drain-terminated',
    type: 'drainWorker',
    input: {},
    prepare: fullThird,
    steer: { at: inFirstMove, act: (op) => op.terminate() },
  },
  {
    // The custodian has looked, and gone, before the node is marked.
    name: 'drain-terminated-while-marking',
    type: 'drainWorker',
    input: {},
    prepare: fullThird,
    steer: {
      at: {
        activity: 'markNodes',
        nth: 1,
        moment: 'unsent',
        call: { label: 'citus_set_node_property', nth: 1 },
      },
      act: async (op, lane) => {
        await op.terminate();
        await untilClosed(lane);
      },
    },
    crashes: () => false,
  },
  { name: 'remove', type: 'removeWorker', input: {}, prepare: fullThird, faults: true },
  {
    name: 'remove-cancelled',
    type: 'removeWorker',
    input: {},
    prepare: fullThird,
    steer: { at: inFirstMove, act: (op) => op.cancel() },
  },
  {
    // Past the point of no return it goes on to its end.
    name: 'remove-cancelled-too-late',
    type: 'removeWorker',
    input: {},
    prepare: fullThird,
    steer: { at: { activity: 'removeWorkerNode', nth: 1, moment: 'before' }, act: (op) => op.cancel() },
  },
  {
    name: 'clean-up',
    type: 'cleanUp',
    input: {},
    prepare: someOfEachLeftover,
    crashes: (activity) => /CleanUp|Leftovers/.test(activity),
  },
];

async function untilClosed(lane: Lane): Promise<void> {
  while ((await openWorkflows(lane.client)).length > 0)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
