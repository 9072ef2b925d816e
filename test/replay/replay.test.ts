import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { recorded } from './recorded.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
}, 60_000);

test('the main paths are recorded', () => {
  expect(histories.sort()).toEqual(recorded.map((name) => `${name}.json`).sort());
});

test.each(histories)('the recorded history %s replays', async (name) => {
  const history: unknown = JSON.parse(readFileSync(`${folder}${name}`, 'utf8'));
  await Worker.runReplayHistory({ workflowBundle }, history, name);
});

test('a history that the workflows would not write is noticed', async () => {
  const text = readFileSync(`${folder}approved.json`, 'utf8').replaceAll(
    '"planScaleOut"',
    '"planSomethingElse"',
  );
  await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(text), 'changed')).rejects.toThrow();
});
