// Starts a cluster, says where, and waits to be ended: node start-and-wait.ts FLAVOUR [detached]
import { startCluster, type Flavour } from '../../../../sandbox/index.js';

const [flavour, detached] = process.argv.slice(2);
const cluster = await startCluster({
  flavour: flavour as Flavour,
  workers: 1,
  detached: detached === 'detached',
});
process.stdout.write(`${cluster.folder}\n`);
if (detached === undefined) setInterval(() => undefined, 1000);
