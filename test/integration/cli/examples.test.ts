import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { examplesOf, loadedProgram } from '../../../scripts/docs/commands.js';
import type { OperationHandle } from '../../../src/client/index.js';
import { buildCli, type BuiltCli } from './built-cli.js';
import { makeShellPlace, type ShellPlace } from './shells.js';
import { setStubStage, type StubStage } from './stub-stage.js';

let stage: StubStage;
let cli: BuiltCli;
let place: ShellPlace;
beforeAll(async () => {
  stage = await setStubStage();
  cli = buildCli();
  place = makeShellPlace(cli.main, stage.address);
});
afterAll(async () => {
  place.remove();
  cli.remove();
  await stage.end();
});
afterEach(async () => {
  for (const { operation } of await stage.client.list({ cluster: 'shop' })) {
    await stage.client.operation(operation).cancel();
    await stage.client
      .operation(operation)
      .result()
      .catch(() => undefined);
  }
});

const program = await loadedProgram();
const examples = [program, ...program.commands].flatMap((command) =>
  examplesOf(command).map((line) => ({ name: command.name(), line })),
);

/** What the pretended operation on "shop" does when the example of a command comes to it. */
const wishes: Record<string, string> = {
  approve: 'approval',
  reject: 'approval',
  retry: 'attention',
  'give-up': 'attention',
  watch: 'open until an update',
  ...Object.fromEntries(
    ['status', 'report', 'pause', 'resume', 'cancel', 'parallel-moves', 'ignore-window'].map((n) => [
      n,
      'open',
    ]),
  ),
};

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** As a shell runs it, without what the example does with the answer. */
function run(line: string, once?: { says: RegExp; act: (child: ChildProcess) => void }): Promise<Ended> {
  const [command = ''] = line.split(/ (?:\||>>?) /);
  const child = spawn('sh', ['-c', `exec ${command}`], {
    cwd: place.folder,
    env: { ...place.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing stays behind when an example never ends.
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  let isTold = false;
  const look = (): void => {
    if (isTold || !once?.says.test(`${stdout}${stderr}`)) return;
    isTold = true;
    once.act(child);
  };
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
    look();
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
    look();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

test('every command has an example', () => {
  const named = new Set(examples.filter(({ line }) => line !== '').map(({ name }) => name));
  expect([...named]).toEqual([program.name(), ...program.commands.map((command) => command.name())]);
});

describe('each example does what it says', () => {
  const others = examples.filter(({ name }) => !['init', 'worker'].includes(name));
  test.each(others)('$line', async ({ name, line }) => {
    const wish = wishes[name];
    const [id] = /shop\/scaleOut\/\S+/.exec(line) ?? [];
    let handle: OperationHandle | undefined;
    if (wish !== undefined) {
      const input = { cluster: 'shop', add: 1, reason: wish };
      handle = await stage.client.scaleOut(input, id === undefined ? {} : { id });
      await expect.poll(() => stage.client.list({ cluster: 'shop' })).toHaveLength(1);
    }
    // Who watches has begun before it ends.
    const end = { says: /Move shards/, act: () => void handle?.pause({ by: 'test' }) };
    const ended = await run(line, name === 'watch' ? end : undefined);
    expect(ended).toMatchObject({ code: 0 });
    expect(`${ended.stdout}${ended.stderr}`).not.toBe('');
  });

  test('of init and worker: the config that the one writes is what the other runs with', async () => {
    const [init = ''] = examples.filter(({ name }) => name === 'init').map(({ line }) => line);
    expect(await run(`${init} --no-test`)).toMatchObject({ code: 0 });
    expect(readFileSync(join(place.folder, 'citus-scaler.yaml'), 'utf8')).toContain('host: db0');
    const [worker = ''] = examples.filter(({ name }) => name === 'worker').map(({ line }) => line);
    const listening = worker.replace('0.0.0.0:9464', `127.0.0.1:${await getPort()}`);
    expect(listening).not.toBe(worker);
    const ended = await run(listening, { says: /RUNNING/, act: (child) => child.kill('SIGTERM') });
    expect(ended).toMatchObject({ code: 0 });
  });
});
