import { afterEach, expect, test, vi } from 'vitest';
import { windowLines } from '../../../../src/cli/render/window.js';
import { running } from '../statuses.js';

afterEach(() => vi.unstubAllEnvs());

test('a window is told in UTC and by the reader’s own clock', () => {
  vi.stubEnv('TZ', 'Europe/Berlin');
  const status = { ...running, window: { open: false, opensAt: '2026-11-24T21:00:00Z' } };
  const text = windowLines(status, 200, Date.parse('2026-11-24T18:00:00Z')).join('\n');
  expect(text).toBe(
    '  The maintenance window opens 2026-11-24 21:00 UTC, in 3 h (2026-11-24 22:00 Europe/Berlin)',
  );
});
