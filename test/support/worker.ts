// node --import tsx test/support/worker.ts PATIENCE worker --config FILE: the worker, with a patience of its own.
import { runWorker } from '../../src/worker.js';
import type { Patience } from './worker-process.js';

const patience = JSON.parse(process.argv[2] ?? '{}') as Patience;
await runWorker({ configFile: process.argv.at(-1) ?? '', ...patience });
