import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { OperationReport } from '../../../../src/contract/index.js';
import { renderReport } from '../../../../src/cli/render/report.js';
import { balance, done } from '../statuses.js';
import { expectToFit } from './expect-to-fit.js';

const plain = pc.createColors(false);

describe('a report', () => {
  test('says what came of it', () => {
    const text = renderReport(done, plain, 80);
    expectToFit(text);
    expect(text).toContain('24 shard groups moved, 29 GB, in 17 min 11 s.');
    expect(text).toContain('· wal_retrieve_retry_interval was lowered');
  });

  test('doesn’t say that nothing was moved when nobody knows', () => {
    const unanswered: OperationReport = {
      ...done,
      state: 'failed',
      movedShardGroups: 0,
      movedBytes: 0,
      unansweredMoves: 4,
    };
    const text = renderReport(unanswered, plain, 80);
    expectToFit(text);
    expect(text).toContain('Of 4 more moves it is not known whether they were made');
    expect(text).not.toContain('Nothing was moved');
  });

  test('sizes that a silent node didn’t tell are not told as nothing', () => {
    const unknown = { ...balance([0, 0], 0), sizesUnknown: true as const };
    const text = renderReport({ ...done, before: unknown, after: unknown }, plain, 80);
    expect(text).toMatch(/–  → +–/);
    expect(text).toContain('sizes not known: a node doesn’t answer');
    expect(text).not.toContain('0 B');
  });

  test('doesn’t tell a scale-out as a loss of evenness, whatever the new worker was before', () => {
    const [first, second, added] = balance([30e9, 30e9, 30e9], 1).workers;
    if (!first || !second || !added) throw new Error('three workers are needed');
    const before = {
      ...balance([45e9, 45e9], 1.5),
      workers: [first, second].map((each) => ({ ...each, bytes: 45e9 })),
    };
    const after = balance([34e9, 28e9, 28e9], 1.13);
    const text = renderReport({ ...done, before, after }, plain, 80);
    expect(text).toContain('the fullest worker holds 1.50 → 1.13 times the mean');
    expect(text).toMatch(/3 shards never move \(copies of reference tables, local tables\)/);
  });

  test('that was cancelled says what is left', () => {
    const cancelled: OperationReport = {
      ...done,
      state: 'cancelled',
      movedShardGroups: 3,
      movedBytes: 4e9,
    };
    const text = renderReport(cancelled, plain, 80);
    expectToFit(text);
    expect(text).toContain('3 of 24 moves were made, 4.0 GB, in 17 min 11 s; 21 are left.');
    const nothing: OperationReport = { ...cancelled, movedShardGroups: 0, movedBytes: 0 };
    expect(renderReport(nothing, plain, 80)).toContain('None of 24 moves was made');
  });

  test('of a dry run shows the plan and says that nothing was changed', () => {
    const { after: _, progress: __, ...dry } = done;
    const text = renderReport(dry, plain, 80);
    expectToFit(text);
    expect(text).toContain('Plan 57a1f6728c9efd8a');
    expect(text).toContain('Dry run: nothing was changed.');
    expect(text).not.toContain('Start new workers');
  });
});
