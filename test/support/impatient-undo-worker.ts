// node --import tsx test/support/impatient-undo-worker.ts worker --config FILE: the worker, which tells of stalls after
// seconds, and hands over what it can't undo after seconds.
import { runWorker } from '../../src/worker.js';

const configFile = process.argv.at(-1) ?? '';
await runWorker({ configFile, stallTimes: { quietMs: 3_000, patienceMs: 6_000 }, undoPatienceMs: 10_000 });
