import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { OperationReport } from '../../../../src/contract/index.js';
import { renderReport } from '../../../../src/cli/render/report.js';
import { done } from '../statuses.js';
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

  test('of a dry run shows the plan and says that nothing was changed', () => {
    const { after: _, progress: __, ...dry } = done;
    const text = renderReport(dry, plain, 80);
    expectToFit(text);
    expect(text).toContain('Plan 57a1f6728c9efd8a');
    expect(text).toContain('Dry run: nothing was changed.');
    expect(text).not.toContain('Start new workers');
  });
});
