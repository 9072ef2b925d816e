import { accessSync, constants, statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/support/slow-first.js';

/** Unit tests need nothing; the rest needs the sandbox and a Temporal server, one for the whole run. */
export default defineConfig({
  test: {
    pool: 'forks',
    // Files share a process: the start of one and all imports took a sixth of the time. No file may leave anything behind.
    isolate: false,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Whatever isn't of the other project: no test file is left out.
          include: ['test/**/*.test.ts'],
          exclude: ['test/{integration,e2e}/**'],
          testTimeout: 30_000,
          // By default one process less than there are cores.
          maxWorkers: availableParallelism(),
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/{integration,e2e}/**/*.test.ts'],
          globalSetup: 'test/support/build.ts',
          env: inMemory(),
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Half of the time of a file is spent waiting.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

/**
 * Puts temporary folders into memory where it has 4 GB for them: copying the data folders of servers to a disk took a
 * third of the time of the tests that start many.
 */
function inMemory(): Record<string, string> {
  const folder = '/dev/shm';
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= 4 * 2 ** 30 ? { TMPDIR: folder } : {};
  } catch {
    return {};
  }
}
