import { withClient } from '../postgres/query.js';
import type { SandboxNode } from './node.js';

/** Makes one cluster of the servers: the coordinator under an address that workers can reach, then each worker. */
export async function registerAll({
  coordinator,
  workers,
}: {
  coordinator: SandboxNode;
  workers: SandboxNode[];
}): Promise<void> {
  await withClient(coordinator.login, async (client) => {
    await client.query('SELECT citus_set_coordinator_host($1, $2)', [coordinator.host, coordinator.port]);
    for (const worker of workers)
      await client.query('SELECT citus_add_node($1, $2)', [worker.host, worker.port]);
  });
}
