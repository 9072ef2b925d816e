import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { renderHealth } from '../../../../src/cli/render/health.js';
import type { Check, HealthAnswer, Leftover } from '../../../../src/contract/index.js';
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

  test('which workers hold nothing, though nothing is wrong', () => {
    const empty: Check = {
      id: 'empty-nodes',
      severity: 'info',
      ok: false,
      evidence: 'db3:5432: in service and without shards',
      remedy: 'a rebalance fills them',
    };
    const text = said({ checks: [empty] });
    expect(text).toContain('· empty-nodes  db3:5432: in service and without shards');
    expect(text).toContain('→ a rebalance fills them');
    expect(text).not.toContain('Nothing stands out');
  });
});
