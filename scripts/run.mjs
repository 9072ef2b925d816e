// Runs a TypeScript program of this checkout, from a bare clone too: node scripts/run.mjs sandbox/demo/main.ts [arguments]
import { spawn } from 'node:child_process';
import { ensurePackages, root } from './ensure.mjs';

ensurePackages();
const [program, ...args] = process.argv.slice(2);
const child = spawn(process.execPath, ['--import', 'tsx', `${root}${program}`, ...args], {
  stdio: 'inherit',
});
// Ctrl-C reaches the child by itself; it decides how to end.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
