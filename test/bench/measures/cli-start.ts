import { execa } from 'execa';
import { loadData } from '../../../sandbox/data.js';
import { flavours } from '../../../sandbox/flavour.js';
import { build, builtCli } from '../built.js';
import { timed, type Measure } from '../measure.js';
import { onBench } from '../scale-out.js';

const runs = 9;

/** The built command, from its start to its first output. */
export const cliStart: Measure = {
  name: 'cli-start',
  flavours,
  run: async (flavour) => {
    await build();
    return onBench(
      flavour,
      (cluster) => loadData(cluster, { shards: 4 }),
      async ({ stack, scaler }) => {
        const operation = await scaler.scaleOut({ cluster: 'demo', add: 1, dryRun: true });
        await operation.result();
        const env = { TEMPORAL_ADDRESS: stack.temporal.address };
        const help = await median(['--help'], env);
        const status = await median(['status', operation.id], env);
        return [
          { what: 'citus-scaler --help', value: help, unit: 's', goal: { atMost: 0.3 } },
          { what: 'citus-scaler status', value: status, unit: 's', goal: { atMost: 0.6 } },
        ];
      },
    );
  },
};

async function median(args: string[], env: Record<string, string>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { seconds } = await timed(async () => {
      const child = execa(process.execPath, [builtCli, ...args], { env });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await child;
    });
    times.push(seconds);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? NaN;
}
