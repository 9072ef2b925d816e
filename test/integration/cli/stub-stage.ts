import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { startTemporal } from '../../../sandbox/index.js';
import { ScalerClient } from '../../../src/client/index.js';
import { taskQueue } from '../../../src/contract/index.js';
import { buildCli } from './built-cli.js';
import { startCli, type Ran, type Running } from './run-cli.js';

/** A Temporal server of its own with a worker whose workflows only pretend, to test what clients see and say. */
export interface StubStage {
  address: string;
  client: ScalerClient;
  /** Runs a command line without a terminal, as a script does. */
  run: (...args: string[]) => Promise<Ran>;
  /** Starts one; whoever starts it ends it. */
  start: (...args: string[]) => Running;
  stopWorker: () => Promise<void>;
  startWorker: () => Promise<void>;
  end: () => Promise<void>;
}

export async function setStubStage(): Promise<StubStage> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  const cli = buildCli();
  const temporal = await startTemporal({ ui: false });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const client = await ScalerClient.connect({ address: temporal.address });
  let running: { worker: Worker; ended: Promise<void> } | undefined;
  const stage: StubStage = {
    address: temporal.address,
    client,
    run: (...args) => startCli(cli.main, temporal.address, args).done,
    start: (...args) => startCli(cli.main, temporal.address, args),
    startWorker: async () => {
      const worker = await Worker.create({
        connection,
        taskQueue,
        workflowsPath: fileURLToPath(new URL('./stub-workflows.ts', import.meta.url)),
        activities: { move },
        stickyQueueScheduleToStartTimeout: '1s',
        maxHeartbeatThrottleInterval: '100ms',
      });
      running = { worker, ended: worker.run() };
    },
    stopWorker: async () => {
      running?.worker.shutdown();
      await running?.ended;
      running = undefined;
    },
    end: async () => {
      await stage.stopWorker();
      await client.close();
      await connection.close();
      await temporal.stop();
      cli.remove();
    },
  };
  await stage.startWorker();
  return stage;
}

/** Moves for two seconds, and tells of it as the real activity does. */
async function move(): Promise<void> {
  const current = {
    from: 'a:1',
    to: 'b:1',
    tables: ['t'],
    phase: 'Copying Data',
    copiedBytes: 50,
    bytes: 100,
    attempt: 1,
  };
  for (let done = 0; done < 10; done += 1) {
    Context.current().heartbeat({ kind: 'moves', movesDone: done, bytesDone: done * 50, current });
    await Context.current().sleep(300);
  }
}
