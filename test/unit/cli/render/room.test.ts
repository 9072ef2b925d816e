import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { Balance, OperationStatus } from '../../../../src/contract/index.js';
import { fit } from '../../../../src/cli/render/text/room.js';
import { renderStatus } from '../../../../src/cli/render/status.js';
import { balance, plan, running } from '../statuses.js';
import { expectToFit } from './expect-to-fit.js';

const plain = pc.createColors(false);
const now = Date.parse('2026-11-24T01:49:00Z');

describe('a terminal of 80 x 24', () => {
  const node = (n: number): string => `worker-${n}.shop.internal.example.com:5432`;
  const moving = Array.from({ length: 20 }, (_, index) => ({
    from: node(1),
    to: node(index + 2),
    tables: [`public.measurements_of_devices_${index}`],
    phase: 'Setting Up',
    attempt: 1,
    ...(index > 10 && {
      message: `waits for a transaction of process 4711 on ${node(1)}, open since 2026-11-24T01:00:00Z`,
    }),
  }));
  const many: OperationStatus = {
    ...running,
    plan: {
      ...plan,
      before: balance(Array<number>(30).fill(40e9), 1),
      after: balance(Array<number>(30).fill(20e9), 1),
    },
    progress: { basis: 'bytes', done: 1e9, total: 9e9, percent: 11, moving, movingTotal: 64 },
  };
  const live = (of: OperationStatus, rows = 24): string =>
    fit((room) => renderStatus(of, plain, 80, now, room), { columns: 80, rows });

  test.each([
    ['a movement of many nodes and moves', many],
    ['one that is paused', { ...many, state: 'paused' as const }],
    [
      'one that needs attention',
      {
        ...many,
        state: 'needs-attention' as const,
        attention: {
          problem: 'no disk',
          evidence: 'on a node\n'.repeat(12),
          remedies: [{ text: 'free some' }],
        },
      },
    ],
  ])('holds %s, the rest counted', (_, of) => {
    const text = live(of);
    expectToFit(text);
    expect(text.split('\n').length).toBeLessThanOrEqual(24);
    expect(text).toMatch(/and \d+ more nodes/);
    expect(text).toMatch(/and 6\d more moves at work/);
    expect(text).toContain('● Move shards');
    expect(text).toContain('11%  1.0 GB of 9.0 GB');
  });

  test('shows first the moves that have something to say, and says it once', () => {
    const text = live(many);
    expect(text.match(/waits for a transaction/g)).toHaveLength(1);
    expect(text).toMatch(/measurements.*worker-1 +→ worker-13/);
  });

  test('does not say below a move what needs attention anyway', () => {
    const problem = moving.at(-1)?.message ?? '';
    const stalled = {
      ...many,
      state: 'needs-attention' as const,
      attention: { problem, evidence: '', remedies: [] },
    };
    expect(live(stalled).match(/waits for a/g)).toHaveLength(1);
  });

  test('keeps the lines of the maintenance window and of the load', () => {
    const text = live({
      ...many,
      window: { open: true, closesAt: '2026-11-24T03:00:00Z' },
      governor: {
        parallelMoves: 2,
        ceiling: 4,
        reason: 'as many as the load allows',
        figures: [],
        changes: [],
      },
    });
    expect(text).toContain('The maintenance window closes');
    expect(text).toContain('Up to 2 of 4 moves at once');
    expect(text.split('\n').length).toBeLessThanOrEqual(24);
  });

  test.each([4, 8, 12])('even of %d lines', (rows) => {
    expect(live(many, rows).split('\n').length).toBeLessThanOrEqual(rows);
  });

  test('shows shards where no bytes are known', () => {
    const shards = (n: number): Balance => ({
      ...balance([0, 0], 1),
      workers: balance([0, 0], 1).workers.map((worker) => ({ ...worker, shards: n })),
    });
    const text = live({ ...many, plan: { ...plan, before: shards(8), after: shards(4) } });
    expect(text).toMatch(/worker-1.*8 shards → 4 shards/);
  });
});
