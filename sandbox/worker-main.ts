// A worker as the CLI runs it, for the sandbox: node worker-main.js CONFIG
import { runWorker } from '../src/worker.js';

await runWorker({ configFile: process.argv[2] ?? '' });
