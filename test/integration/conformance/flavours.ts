import { afterAll, beforeAll, describe } from 'vitest';
import {
  findFlavour,
  flavours,
  startCluster,
  type Flavour,
  type SandboxCluster,
  type StartOptions,
} from '../../../sandbox/index.js';

/** What `SANDBOX_FLAVOUR` names, else all that this machine has. */
const chosen = flavours.filter((flavour) => {
  const wanted = process.env['SANDBOX_FLAVOUR'];
  return wanted === undefined
    ? flavour === 'stand-in' || findFlavour().flavour === 'citus'
    : flavour === wanted;
});

/** Gives the cluster of one group of tests, once it has started. */
export type ClusterOf = () => SandboxCluster;

/** Runs the same tests against each flavour, with one cluster for all of them. */
export function conform(
  subject: string,
  options: Partial<StartOptions>,
  prepare: (cluster: SandboxCluster) => Promise<unknown>,
  tests: (cluster: ClusterOf, flavour: Flavour) => void,
): void {
  describe.each(chosen)(`${subject} (%s)`, (flavour) => {
    let cluster: SandboxCluster | undefined;
    beforeAll(async () => {
      cluster = await startCluster({ workers: 2, ...options, flavour });
      await prepare(cluster);
    });
    afterAll(() => cluster?.stop());
    tests(() => {
      if (!cluster) throw new Error('the cluster has not started');
      return cluster;
    }, flavour);
  });
}
