import { defineConfig } from 'vitest/config';

/** Unit tests need nothing; the rest needs the sandbox and a Temporal server, one for the whole run. */
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Whatever isn't of the other project: no test file is left out.
          include: ['test/**/*.test.ts'],
          exclude: ['test/{integration,e2e}/**'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/{integration,e2e}/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Two cores for clusters of five servers: files side by side would only wait for each other.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
