import { afterEach, expect, test, vi } from 'vitest';
import { changes } from '../../../../src/cli/render/changes.js';
import { windowLines } from '../../../../src/cli/render/window.js';
import { running } from '../statuses.js';

afterEach(() => vi.unstubAllEnvs());

const now = Date.parse('2026-11-24T18:00:00Z');
const window = { open: false, opensAt: '2026-11-24T21:00:00Z', timezone: 'Europe/Berlin' };

test.each([
  ['America/New_York', '2026-11-24 22:00 Europe/Berlin, in 3 h (2026-11-24 16:00 America/New_York)'],
  ['Europe/Berlin', '2026-11-24 22:00 Europe/Berlin, in 3 h'],
  ['Europe/Paris', '2026-11-24 22:00 Europe/Berlin, in 3 h'],
])('a window is told by the clock of the config, and by the reader’s own in %s', (zone, told) => {
  vi.stubEnv('TZ', zone);
  expect(windowLines({ ...running, window }, 200, now).join()).toBe(`  The maintenance window opens ${told}`);
});

test('a line of a log tells it by the clock of the config', () => {
  const lines = changes(running, { ...running, state: 'waiting-for-window', window });
  expect(lines).toContain('waiting for window, which opens 2026-11-24 22:00 Europe/Berlin');
});
