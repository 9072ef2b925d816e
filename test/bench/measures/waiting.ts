import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeConfig } from '../../../sandbox/config-file.js';
import { loadData } from '../../../sandbox/data.js';
import { flavours } from '../../../sandbox/flavour.js';
import { startTemporal, type SandboxCluster } from '../../../sandbox/index.js';
import { startWorker } from '../../../sandbox/worker.js';
import { ScalerClient } from '../../../src/client/index.js';
import { build, builtCli } from '../built.js';
import { alias, startManyFaced } from '../many-nodes.js';
import type { Measure } from '../measure.js';
import { usageOf } from '../pretend.js';

const operations = 200;

/** A worker with 200 operations that wait for approval, each of a cluster of its own. */
export const waiting: Measure = {
  name: 'waiting',
  flavours,
  run: async (flavour) => {
    await build();
    const cluster = await startManyFaced(flavour, 2);
    const temporal = await startTemporal({ ui: false });
    try {
      await loadData(cluster);
      const more = await cluster.addNode();
      const configFile = writeManyClusters(cluster);
      const worker = await startWorker(configFile, temporal.address, { command: [builtCli] });
      const client = await ScalerClient.connect({ address: temporal.address });
      try {
        const idle = usageOf(worker.pid).memory;
        for (let begun = 0; begun < operations; begun += 10) {
          await Promise.all(
            Array.from({ length: 10 }, async (_, index) => {
              const name = `c${begun + index}`;
              const operation = await client.scaleOut({ cluster: name, nodes: [more.address] });
              for await (const { state } of operation.watch()) if (state === 'awaiting-approval') break;
            }),
          );
        }
        return [
          {
            what: `memory of a worker with ${operations} operations waiting for approval`,
            value: usageOf(worker.pid).memory,
            unit: 'MB',
            goal: { atMost: 350 },
            detail: `${idle.toFixed(0)} MB when idle`,
          },
        ];
      } finally {
        await client.close();
        await worker.kill();
      }
    } finally {
      await Promise.all([cluster.stop(), temporal.stop()]);
    }
  },
};

/** One server under 200 addresses, each of which is a cluster of the config. */
function writeManyClusters(cluster: SandboxCluster): string {
  const file = join(cluster.folder, 'many.yaml');
  writeConfig(file, [{ cluster, wishes: { provisioner: false } }]);
  const { clusters } = parse(readFileSync(file, 'utf8')) as {
    clusters: { demo: { coordinator: { host: string } } };
  };
  const many = Array.from({ length: operations }, (_, index) => {
    const coordinator = { ...clusters.demo.coordinator, host: alias(index) };
    return [`c${index}`, { ...clusters.demo, coordinator, allowedNodes: ['127.*:*'] }] as const;
  });
  writeFileSync(file, stringify({ clusters: Object.fromEntries(many) }, { aliasDuplicateObjects: false }));
  return file;
}
