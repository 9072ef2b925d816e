import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shells } from '../../../src/cli/completion/scripts.js';
import { buildCli, type BuiltCli } from './built-cli.js';
import { canComplete, makeShellPlace, type OpenShell, type ShellPlace } from './shells.js';
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

describe.each(shells)('%s completes', (name) => {
  const shellTest = test.runIf(canComplete(name));
  let shell: OpenShell | undefined;
  beforeAll(async () => {
    if (canComplete(name)) shell = await place.open(name);
  });
  afterAll(() => shell?.close());

  shellTest.each([
    ['citus-scaler sca', 'scale-out'],
    ['citus-scaler scale-out shop --transfer-mode fo', 'force_logical'],
    ['citus-scaler scale-out shop --transfer-mode=fo', '--transfer-mode=force_logical'],
    ['citus-scaler scale-out shop --node db3:5432 --no-r', '--no-rebalance'],
    ['citus-scaler scale-out shop --reason "not now" --paral', '--parallel-moves'],
    ['citus-scaler --config completion.z', 'completion.zsh'],
    ['citus-scaler --config=completion.z', '--config=completion.zsh'],
  ])('%s', async (line, wanted) => {
    expect(await shell?.tab(line, wanted)).toContain(wanted);
  });

  shellTest('names of clusters and operations, also with colons', async () => {
    const id = `ticket:${name}:4711`;
    const cluster = `shop-for-${name}`;
    await stage.client.scaleOut({ cluster, add: 1, reason: 'open' }, { id });
    await expect.poll(() => stage.client.list({ cluster })).toHaveLength(1);
    expect(await shell?.tab(`citus-scaler pause ticket:${name}`, id)).toContain(id);
    expect(await shell?.tab(`citus-scaler scale-out shop-for-${name.slice(0, 2)}`, cluster)).toContain(
      cluster,
    );
    await stage.client.operation(id).cancel();
  });

  shellTest('without running what is typed', async () => {
    const trap = join(place.folder, `touched-by-${name}`);
    const lines = [`status $(touch ${trap}) --js`, `status "$(touch ${trap})" --js`];
    for (const line of lines) expect(await shell?.tab(`citus-scaler ${line}`, '--json')).toContain('--json');
    expect(existsSync(trap)).toBe(false);
  });
});

test('nothing is offered, and nobody waits for long, when Temporal is away', async () => {
  const ran = await stage.run('__complete', '--address', '127.0.0.1:1', 'status', '');
  expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
});
