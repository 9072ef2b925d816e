import { execa } from 'execa';
import { loadData } from '../../../sandbox/data.js';
import { flavours } from '../../../sandbox/flavour.js';
import { build, builtCli } from '../built.js';
import { timed, type Figure, type Measure } from '../measure.js';
import { onBench } from '../scale-out.js';

/** How soon a command says that nobody is there: no Temporal, or no worker. */
export const nobodyThere: Measure = {
  name: 'nobody-there',
  flavours,
  run: async (flavour) => {
    await build();
    return onBench(
      flavour,
      (cluster) => loadData(cluster, { shards: 4 }),
      async ({ stack }) => {
        const { address } = stack.temporal;
        const noTemporal = await unreachableIn(['list', '--wait', '0s'], '127.0.0.1:1');
        await stack.worker.kill();
        const noWorker = await unreachableIn(['clusters', '--wait', '0s'], address);
        return [figure('no Temporal, told after', noTemporal), figure('no worker, told after', noWorker)];
      },
    );
  },
};

function figure(what: string, value: number): Figure {
  return { what, value, unit: 's', goal: { atMost: 10 } };
}

async function unreachableIn(args: string[], address: string): Promise<number> {
  const { seconds, result } = await timed(() =>
    execa(process.execPath, [builtCli, ...args], { env: { TEMPORAL_ADDRESS: address }, reject: false }),
  );
  if (result.exitCode !== 7)
    throw new Error(`${args.join(' ')} ended with ${result.exitCode}: ${result.stderr}`);
  return seconds;
}
