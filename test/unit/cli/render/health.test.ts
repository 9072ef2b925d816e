import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { renderHealth } from '../../../../src/cli/render/health.js';
import type { Check, HealthAnswer, Leftover, NodeView } from '../../../../src/contract/index.js';
import { balance } from '../statuses.js';

const leftover = (n: number): Leftover => ({
  kind: 'shard table',
  node: 'db1:5432',
  name: `orders_${n}`,
  bytes: 8_192,
  removable: true,
  how: 'DROP TABLE',
});

const healthy: HealthAnswer = {
  cluster: 'shop',
  verdict: 'good',
  versions: { citus: '13.2', postgres: '17.6' },
  nodes: [],
  nodesTotal: 0,
  balance: balance([40e9, 40e9], 1),
  jobs: [],
  leftovers: [],
  leftoversTotal: 0,
  checks: [],
};

const said = (of: Partial<HealthAnswer>): string =>
  renderHealth({ ...healthy, ...of }, pc.createColors(false), 80);

const node: NodeView = {
  node: 'db1:5432',
  nodeId: 1,
  groupId: 1,
  role: 'worker',
  active: true,
  metadataSynced: true,
  shouldHaveShards: true,
  shards: 8,
};

describe('health says', () => {
  test('how many leftovers there are, also beyond those that an answer has room for', () => {
    const leftovers = Array.from({ length: 40 }, (_, n) => leftover(n));
    const text = said({ leftovers, leftoversTotal: 57 });
    expect(text).toContain('57 leftovers:');
    expect(text.match(/shard table orders_/g)).toHaveLength(10);
    expect(text).toContain('and 47 more');
    expect(said({ leftovers: leftovers.slice(0, 2), leftoversTotal: 2 })).not.toContain('more');
    expect(said({})).not.toContain('leftover');
  });

  test('that sizes are not known, and not that there is no data', () => {
    const unknown = said({ nodes: [node], nodesTotal: 1, balance: balance([0, 0], 0) });
    expect(unknown).toContain('Balance: sizes not known');
    expect(unknown).not.toContain('0 B');
    const known = said({ nodes: [{ ...node, bytes: 0 }], nodesTotal: 1, balance: balance([0, 0], 0) });
    expect(known).toContain('Balance: no data');
    expect(known).toContain('0 B');
  });

  test('which worker is empty though others are not, or knows nothing of the cluster', () => {
    const empty: NodeView = { ...node, postgres: '17.6', shards: 0, bytes: 0 };
    const stateOf = (of: Partial<NodeView>, more: Partial<HealthAnswer> = {}): string =>
      / worker +(.+?)  /.exec(said({ nodes: [{ ...empty, ...of }], nodesTotal: 1, ...more }))?.[1] ?? '';
    expect(stateOf({})).toBe('empty');
    expect(stateOf({ shards: 8, bytes: 9e9 })).toBe('active');
    expect(stateOf({ shouldHaveShards: false })).toBe('drained');
    expect(stateOf({ metadataSynced: false })).toBe('not synced');
    expect(stateOf({}, { balance: balance([0, 0], 0) })).toBe('active');
  });

  test('which operation holds the cluster, and what never moves', () => {
    const text = said({ operation: { id: 'shop/drainWorker/1', type: 'drainWorker' } });
    expect(text).toContain('● drainWorker shop/drainWorker/1 holds the cluster');
    expect(text).toContain('3 shards never move (copies of reference tables');
    expect(text).toContain('the fullest worker holds 1.00 times the mean');
  });

  test('which workers hold nothing, though nothing is wrong', () => {
    const empty: Check = {
      id: 'empty-nodes',
      severity: 'info',
      ok: false,
      evidence: 'db3:5432: in service and without shards',
      remedy: { text: 'a rebalance fills them', action: 'rebalance' },
    };
    const text = said({ checks: [empty] });
    expect(text).toContain('· empty-nodes  db3:5432: in service and without shards');
    expect(text).toContain('→ a rebalance fills them');
    expect(text).not.toContain('Nothing stands out');
  });
});
