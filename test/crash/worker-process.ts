import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onExit } from '../../sandbox/os/on-exit.js';
import { identityOf } from '../../sandbox/os/processes.js';
import { recordProcess } from '../../sandbox/os/process-record.js';
import type { FromWorker, Point, ToWorker } from './point.js';

let started = 0;

/** A worker process that dies, or tells, at the points it is armed with. */
export interface TestWorker {
  readonly pid: number;
  readonly alive: () => boolean;
  /** Ended, by itself or by somebody. */
  readonly gone: Promise<void>;
  /** Called when the worker waits at a point, until `go`. */
  onPoint: (point: string) => void;
  arm: (points: Point[], eventsFile: string) => Promise<void>;
  go: (point: string) => void;
  /** Begins to work; returns when it polls. */
  begin: (configFile: string, address: string) => Promise<void>;
  kill: () => Promise<void>;
  /** SIGTERM, as a deploy does it. */
  stop: () => Promise<void>;
  log: () => string;
}

/** Loads all modules, which takes a second, and waits to begin. */
export function loadWorker(folder: string, build: string): TestWorker {
  started += 1;
  const name = `crash-worker-${process.pid}-${started}`;
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [join(build, 'test/crash/worker/main.js')], {
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const forget = onExit(() => child.kill('SIGKILL'));
  const state = { gone: false };
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      state.gone = true;
      forget();
      resolve();
    });
  });
  child.on('error', () => undefined);
  const pid = child.pid ?? 0;
  const identity = identityOf(pid);
  if (identity) recordProcess(folder, name, identity);

  const heard = new Map<FromWorker['type'], () => void>();
  const next = (type: FromWorker['type']): Promise<void> =>
    new Promise((resolve, reject) => {
      heard.set(type, resolve);
      void gone.then(() => reject(new Error(`the worker has ended:\n${worker.log()}`)));
    });
  const loaded = next('loaded');
  loaded.catch(() => undefined);
  const say = (message: ToWorker): void => {
    if (!state.gone) child.send(message);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await gone;
  };

  const worker: TestWorker = {
    pid,
    alive: () => !state.gone,
    gone,
    onPoint: () => undefined,
    arm: async (points, eventsFile) => {
      await loaded;
      const armed = next('armed');
      say({ type: 'arm', points, eventsFile });
      await armed;
    },
    go: (point) => say({ type: 'go', point }),
    begin: async (configFile, address) => {
      await loaded;
      say({ type: 'begin', configFile, address });
      while (!worker.log().includes('worker ready')) {
        if (state.gone) throw new Error(`the worker has ended:\n${worker.log()}`);
        await sleep(30);
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    log: () => readFileSync(logFile, 'utf8'),
  };
  child.on('message', (message: FromWorker) => {
    if (message.type === 'at') worker.onPoint(message.point);
    else heard.get(message.type)?.();
  });
  return worker;
}
