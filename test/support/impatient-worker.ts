// node --import tsx test/support/impatient-worker.ts worker --config FILE: the worker, telling of stalls after seconds.
import { runWorker } from '../../src/worker.js';

const configFile = process.argv.at(-1) ?? '';
await runWorker({ configFile, stallTimes: { quietMs: 3_000, patienceMs: 6_000 } });
