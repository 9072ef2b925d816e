import pc from 'picocolors';
import { expect, test } from 'vitest';
import type { OperationReport } from '../../../../src/contract/index.js';
import { renderReport } from '../../../../src/cli/render/report.js';
import { renderStatus } from '../../../../src/cli/render/status.js';
import { awaiting, done, rescue } from '../statuses.js';

const plain = pc.createColors(false);

test('a dry run ends with the command that gives up exactly what it showed, as a shell takes it', () => {
  const dry: OperationReport = { ...done, type: 'emergencyRemoveWorker', plan: rescue(false) };
  delete dry.after;
  const text = renderReport(dry, plain, 80);
  expect(text).toContain(
    `$ citus-scaler emergency-remove shop db3:5432 --accept-data-loss 'lose what only db3:5432 of shop held: it'\\''s "all", loss 1'`,
  );
  expect(text).toContain('of which nobody knows the size');
  expect(text).not.toContain('(by its other shards)\n  Accepted');
});

test('whoever approves a loss is asked for a backup, and no other command is offered', () => {
  const text = renderStatus({ ...awaiting, plan: rescue(true) }, plain, 80, 0);
  expect(text).toMatch(/citus-scaler approve \S+ --backup …/);
  expect(text).not.toContain('--accept-data-loss');
  expect(renderStatus(awaiting, plain, 80, 0)).not.toContain('--backup');
});

test('the report says what was given up, by table and hash range', () => {
  const report: OperationReport = { ...done, plan: rescue(true), movedShardGroups: 2 };
  const text = renderReport(report, plain, 80);
  expect(text).toContain('Given up, and empty until somebody loads it again:');
  expect(text).toContain("it's: hashes -5..7");
  expect(text).toContain('2 shard groups made anew, in');
});
