import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { operationTypes, type OperationType } from '../../../src/contract/index.js';
import { inspectInput, operationInputs } from '../../../src/contract/schema/inputs.js';
import { setRefusalStage, type RefusalStage } from './support.js';

let stage: RefusalStage;
beforeAll(async () => {
  stage = await setRefusalStage();
  await stage.remember();
});
afterEach(() => stage.expectUnchanged());
afterAll(() => stage.end());

describe('an input of the wrong type or out of range is refused, with the field and what it may be', () => {
  type Wrong = Record<string, { values: unknown[]; says: RegExp }>;
  const number = /must be (a number|a whole number|at least \d|at most \d)/;
  const text = (most: number): Wrong[string] => ({
    values: ['', 7, null, 'x'.repeat(most + 1)],
    says: /must be a text|must not be empty|must have at most \d+ characters/,
  });
  const nodes = {
    values: ['db3:5432', [7], ['db3'], ['db3:0'], ['db3:65536'], addresses(101)],
    says: /must be a list|must be a text|must name at (least|most)|must be host:port|port must be between 1 and 65535/,
  };
  const flag = { values: ['yes', 0, null], says: /must be true or false/ };
  const common: Wrong = {
    cluster: {
      values: [undefined, null, 7, '', 'two words', 'x'.repeat(65)],
      says: /the name of a cluster in the config/,
    },
    transferMode: { values: ['logical', true], says: /must be one of auto, force_logical, block_writes/ },
    maxWriteStall: { values: ['0.3s', -1, 61, true], says: number },
    parallelMoves: { values: ['2', 0, 65, 1.5], says: number },
    approval: { values: ['none', false], says: /must be one of required, auto/ },
    window: { values: ['never', true], says: /must be one of respect, ignore/ },
    dryRun: flag,
    ifBusy: { values: ['takeOver', true], says: /must be one of fail, wait/ },
    acceptChecks: {
      values: ['role', [''], [7], ['no-such-check'], ['new-node-extension']],
      says: /must be a list|must be a text|must not be empty|it may name: .*target-disk/,
    },
    reason: text(500),
    requestedBy: text(200),
  };
  const node = {
    values: [undefined, 7, 'db3', 'db3:0', 'db3:65536'],
    says: /required|must be a text|must be host:port|port must be between 1 and 65535/,
  };
  const leaving = { ...nodes, values: [undefined, [], ...nodes.values] };
  const own: Record<OperationType, Wrong> = {
    scaleOut: {
      to: { values: ['2', 0, -1, 1.5, 1_001, null], says: number },
      add: { values: ['2', 0, -1, 1.5, 101, null], says: number },
      nodes: { ...nodes, values: [[], ...nodes.values] },
      rebalance: flag,
      method: { values: ['copy', 1], says: /may be "move" or "clone"/ },
      source: {
        values: ['db1:5432', 7],
        says: /goes with method: "clone" only|must be a text/,
      },
    },
    rebalance: {
      strategy: text(63),
      threshold: { values: ['0.1', -0.1, 1.1, null], says: number },
      drainOnly: flag,
    },
    drainWorker: { nodes: leaving, undo: flag },
    removeWorker: { nodes: leaving, keepMachine: flag },
    emergencyRemoveWorker: {
      node,
      alsoDead: {
        values: [[], ['db3:5432'], ...nodes.values],
        says: new RegExp(`${nodes.says.source}|as the field node does`),
      },
      deadFor: {
        values: [30, '', '30', 'soon', '2h'],
        says: /length of time|must be a text|must be from 0s to 1h/,
      },
      ifBusy: { values: ['never', true], says: /must be one of fail, wait, takeOver/ },
      standby: {
        values: [...node.values.slice(1), 'db3:5432'],
        says: new RegExp(`${node.says.source}|as the field node does`),
      },
      waitForReturn: {
        values: [30, '', '0s', 'soon', '31d'],
        says: /length of time|must be a text|must be from 1s to 30d/,
      },
      maxStandbyLag: {
        values: [30, '', 'soon', '31d'],
        says: /length of time|must be a text|must be from 0s to 30d/,
      },
      restored: {
        values: [...node.values.slice(1), 'db3:5432'],
        says: new RegExp(`${node.says.source}|as the field node does`),
      },
      acceptDataLoss: text(2_000),
    },
    isolateWorker: { node, undo: flag },
    salvageWorker: {
      node,
      tables: {
        values: ['orders', [], [7], ['']],
        says: /must be a list|must be a text|must not be empty|may have|must name at least/,
      },
    },
    replaceWorker: {
      node,
      with: {
        values: [...node.values.slice(1), 'db3:5432'],
        says: new RegExp(`${node.says.source}|names the worker itself`),
      },
      method: { values: ['copy', 7], says: /may be "clone" or "move"/ },
    },
    cleanUp: {},
  };
  /** What else makes an input right. */
  const aims: Record<OperationType, object> = {
    scaleOut: { add: 1 },
    rebalance: {},
    drainWorker: { nodes: ['db3:5432'] },
    removeWorker: { nodes: ['db3:5432'] },
    emergencyRemoveWorker: { node: 'db3:5432' },
    isolateWorker: { node: 'db3:5432' },
    salvageWorker: { node: 'db3:5432' },
    replaceWorker: { node: 'db3:5432' },
    cleanUp: {},
  };
  const inspect: Wrong = {
    what: {
      values: [undefined, 'everything', 7],
      says: /must be one of health, preflight, clusters, moves, nodes/,
    },
    cluster: { values: [undefined, 7, 'two words'], says: /required|the name of a cluster in the config/ },
    for: { values: ['scaleIn', 7], says: /must be one of scaleOut, / },
    page: { values: [0, 1.5, '1'], says: number },
    nodes,
  };

  describe.each(operationTypes)('%s', (type) => {
    // What they share is tried out with one of them, and shown to be shared with the others.
    const shared = type === 'scaleOut' ? common : firstOf(common);
    test.concurrent.each(casesOf({ ...shared, ...own[type] }))(
      "%s can't be %s",
      async (field, _shown, value, says) => {
        const aim = type === 'scaleOut' && ['to', 'nodes'].includes(field) ? {} : aims[type];
        await stage.expectInvalid(
          type,
          { cluster: 'demo', reason: 'a test', ...aim, [field]: value },
          field,
          says,
        );
      },
    );

    test('no field is left out above, and none is allowed that is not known', async () => {
      expect(Object.keys({ ...common, ...own[type] }).sort()).toEqual(
        Object.keys(operationInputs[type].shape).sort(),
      );
      const input = { cluster: 'demo', ...aims[type], colour: 'red' };
      await stage.expectInvalid(
        type,
        input,
        'colour',
        /colour: unknown field; allowed: cluster, .*requestedBy/,
      );
    });
  });

  test.concurrent.each(casesOf(inspect))("inspect: %s can't be %s", async (field, _shown, value, says) => {
    await stage.expectInvalid('inspect', { what: 'preflight', cluster: 'demo', [field]: value }, field, says);
  });

  test('no field of inspect is left out above', () => {
    expect(Object.keys(inspect).sort()).toEqual(Object.keys(inspectInput.shape).sort());
  });

  function casesOf(wrong: Wrong): [field: string, shown: string, value: unknown, says: RegExp][] {
    return Object.entries(wrong).flatMap(([field, { values, says }]) =>
      values.map((value): [string, string, unknown, RegExp] => [field, shown(value), value, says]),
    );
  }

  function firstOf(wrong: Wrong): Wrong {
    return Object.fromEntries(
      Object.entries(wrong).map(([field, { values, says }]) => [field, { values: values.slice(0, 1), says }]),
    );
  }

  function shown(value: unknown): string {
    const text = value === undefined ? 'missing' : JSON.stringify(value);
    return text.length > 40 ? `${text.slice(0, 12)}… of ${text.length} characters` : text;
  }

  function addresses(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `db${index}:5432`);
  }
});

test('nothing is left running, and no password is told anywhere', () => stage.expectNothingLeft());
