import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { startTemporal } from '../../../sandbox/index.js';
import { ScalerClient } from '../../../src/client.js';
import { taskQueue } from '../../../src/contract/index.js';

const cli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
  /** Standard output, which is to be one JSON document. */
  json: <T>() => T;
}

/** A Temporal server of its own with a worker whose workflows only pretend, to test what clients see and say. */
export interface StubStage {
  address: string;
  client: ScalerClient;
  /** Runs a command line without a terminal, as a script does. */
  run: (...args: string[]) => Promise<Ran>;
  /** Starts one; whoever starts it ends it. */
  start: (...args: string[]) => {
    pid: number;
    done: Promise<Ran>;
    said: () => string;
    interrupt: () => void;
  };
  stopWorker: () => Promise<void>;
  startWorker: () => Promise<void>;
  end: () => Promise<void>;
}

export async function setStubStage(): Promise<StubStage> {
  const temporal = await startTemporal({ ui: false });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const client = await ScalerClient.connect({ address: temporal.address });
  let running: { worker: Worker; ended: Promise<void> } | undefined;
  const stage: StubStage = {
    address: temporal.address,
    client,
    run: (...args) => startCli(temporal.address, args).done,
    start: (...args) => startCli(temporal.address, args),
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

function startCli(address: string, args: string[]): ReturnType<StubStage['start']> {
  const { TEMPORAL_PROFILE: _, CITUS_SCALER_CONFIG: __, ...env } = process.env;
  const started = Date.now();
  const child = spawn(process.execPath, ['--import', 'tsx', cli, ...args], {
    env: { ...env, TEMPORAL_ADDRESS: address, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const done = new Promise<Ran>((resolve) =>
    child.once('close', (code) =>
      resolve({
        code,
        stdout,
        stderr,
        seconds: (Date.now() - started) / 1_000,
        json: () => JSON.parse(stdout) as never,
      }),
    ),
  );
  return { pid: child.pid ?? 0, done, said: () => stderr, interrupt: () => void child.kill('SIGINT') };
}
