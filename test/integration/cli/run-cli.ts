import { spawn } from 'node:child_process';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
  /** Standard output, which is to be one JSON document. */
  json: <T>() => T;
}

export interface Running {
  done: Promise<Ran>;
  /** What it wrote so far, to standard error and to standard output. */
  said: () => string;
  printed: () => string;
  interrupt: () => void;
}

/** Starts the CLI without a terminal, as a script does. Whoever starts it ends it. */
export function startCli(cli: string, address: string, args: string[]): Running {
  const { TEMPORAL_PROFILE: _, CITUS_SCALER_CONFIG: __, ...env } = process.env;
  const started = Date.now();
  const child = spawn(process.execPath, [cli, ...args], {
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
  return {
    done,
    said: () => stderr,
    printed: () => stdout,
    interrupt: () => void child.kill('SIGINT'),
  };
}
