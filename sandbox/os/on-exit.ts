import { signal } from './processes.js';

const tasks = new Set<() => void>();
let listening = false;

/** Runs a synchronous clean-up when this process ends by itself, by Ctrl-C or by SIGTERM. Returns how to forget it. */
export function onExit(task: () => void): () => void {
  listen();
  tasks.add(task);
  return () => tasks.delete(task);
}

function listen(): void {
  if (listening) return;
  listening = true;
  process.on('exit', runAll);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const handler = (): void => {
      // Somebody else listens too: ending the process is theirs, and then `exit` comes.
      if (process.listenerCount(name) > 1) return;
      runAll();
      process.off(name, handler);
      signal(process.pid, name);
    };
    process.on(name, handler);
  }
}

function runAll(): void {
  for (const task of tasks) {
    try {
      task();
    } catch (error) {
      console.error('sandbox clean-up:', error);
    }
  }
  tasks.clear();
}
