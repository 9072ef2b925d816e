// Starts a cluster, says where, and waits to be ended: node start-and-wait.ts FLAVOUR [detached]
import { startCluster, type Flavour } from '../../../../sandbox/index.js';

const [flavour, detached] = process.argv.slice(2);
const cluster = await startCluster({
  flavour: flavour as Flavour,
  workers: 1,
  detached: detached === 'detached',
});
process.stdout.write(`${cluster.folder}\n`);
// Not longer than the test that wanted it, whatever becomes of that.
const parent = process.ppid;
const watch = (): void => {
  if (process.ppid !== parent) process.exit();
};
if (detached === undefined) setInterval(watch, 1000);
