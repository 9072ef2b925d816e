import pc from 'picocolors';
import { expect, test } from 'vitest';
import { renderProblem } from '../../../../src/cli/render/problem.js';

test('a problem is a sentence, evidence that adds to it, and remedies', () => {
  const text = renderProblem(
    {
      type: 'PreflightRefused',
      message: 'shop is not ready: disk is full',
      details: { evidence: ['disk is full', '3 MB free on db1:5432'], remedies: ['free some'] },
    },
    pc.createColors(false),
    80,
  );
  expect(text).toBe('✗ shop is not ready: disk is full\n  3 MB free on db1:5432\n  → free some');
});
