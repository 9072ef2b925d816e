import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { startPatroniCluster, type PatroniCluster } from '../../sandbox/patroni/cluster.js';
import { findPatroni } from '../../sandbox/patroni/find.js';
import { startTemporal } from '../../sandbox/index.js';
import { startWorker } from '../../sandbox/worker.js';
import type { OperationInputs, OperationType } from '../../src/contract/index.js';
import { smallData, startOperation, type Operation } from './stage.js';
import { impatient, workerCommand } from './worker-process.js';

/** Why there is no Patroni here; undefined: there is. */
export const whyNoPatroni: string | undefined = ((found) => ('missing' in found ? found.missing : undefined))(
  findPatroni(),
);

/** A cluster that Patroni runs, Temporal and a worker that knows the cluster as `demo`. */
export interface PatroniStage {
  cluster: PatroniCluster;
  start: <Type extends OperationType>(
    type: Type,
    id: string,
    input: Omit<OperationInputs[Type], 'cluster'>,
  ) => Promise<Operation>;
  /** How many shards of hash-distributed tables a group holds. */
  shardsOf: (group: number) => Promise<number>;
  end: () => Promise<void>;
}

/** Starts all of it; `members` of each group, the coordinator's first. */
export async function setPatroniStage(members: number[]): Promise<PatroniStage> {
  const [cluster, temporal] = await Promise.all([startPatroniCluster(members), startTemporal({ ui: false })]);
  await smallData(cluster);
  const { folder, port, apiPort, database, user, password } = cluster;
  writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
  const configFile = join(folder, 'citus-scaler.yaml');
  const hosts = cluster.group(0).map(({ host }) => host);
  const coordinator = { hosts, port, database, user, passwordFile: 'password', tls: { mode: 'disable' } };
  const demo = { coordinator, allowedNodes: ['127.0.*:*'], patroni: { port: apiPort }, samples: false };
  writeFileSync(configFile, stringify({ clusters: { demo } }));
  const worker = await startWorker(configFile, temporal.address, { command: workerCommand(impatient) });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  return {
    cluster,
    start: (type, id, input) => startOperation(client, type, id, input),
    shardsOf: async (group) => {
      const [row] = await cluster.query<{ n: number }>(
        `select count(*)::int as n from pg_dist_placement p join pg_dist_shard using (shardid)
           join pg_dist_partition t using (logicalrelid) where t.partmethod = 'h' and groupid = $1`,
        [group],
      );
      return row?.n ?? -1;
    },
    end: async () => {
      await worker.kill();
      await connection.close();
      await Promise.all([cluster.stop(), temporal.stop()]);
    },
  };
}
