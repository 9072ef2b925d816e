import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import pg from 'pg';
import type { Call } from '../point.js';
import { act, current, meet, pass, record, type Execution } from './passage.js';

/** What may change something: by this a statement is called. */
const changes =
  /citus_(?:add|remove|move|disable|activate|update|set|cleanup|rebalance|promote|drain)\w*|replicate_reference_tables|(?:start|stop)_metadata_sync\w*|pg_(?:cancel|terminate|reload|promote)\w*|alter system|\b(?:insert|update|delete|drop|create|begin|commit|rollback)\b/i;

function callOf(execution: Execution, label: string): Call {
  const nth = (execution.calls.get(label) ?? 0) + 1;
  execution.calls.set(label, nth);
  return { label, nth };
}

function made(execution: Execution, label: string, changing: boolean): Call {
  const call = callOf(execution, label);
  record(execution, 'call', { call, changing });
  return call;
}

const literals = /'(?:[^']|'')*'/g;

/** The commands that Citus is to run on other nodes travel as parameters; what else is quoted is only looked for. */
function statementLabel(text: string, params: unknown): { label: string; changing: boolean } {
  const [change] = changes.exec(`${text.replaceAll(literals, '')} ${JSON.stringify(params ?? [])}`) ?? [];
  if (change !== undefined) return { label: change.toLowerCase().replaceAll(' ', '-'), changing: true };
  return { label: text.includes('set_config') ? 'session' : 'read', changing: false };
}

/** Lets each statement of an activity pass the points before it is sent, when it is sent, and when it is answered. */
export function watchStatements(): void {
  const query = Reflect.get(pg.Client.prototype, 'query') as (...args: unknown[]) => Promise<unknown>;
  Reflect.set(pg.Client.prototype, 'query', function (this: pg.Client, ...args: unknown[]) {
    const send = (): Promise<unknown> => Reflect.apply(query, this, args);
    const execution = current.getStore();
    const [text, params] = args;
    return execution && typeof text === 'string'
      ? through(execution, callee(this, text, params), send)
      : send();
  });
}

/** Sessions in a transaction that can change nothing. */
const onlyReading = new WeakSet<pg.Client>();

/** The end of a transaction in which nothing can be changed is no more than one of its reads. */
function callee(client: pg.Client, text: string, params: unknown): { label: string; changing: boolean } {
  if (/^begin read only/i.test(text)) onlyReading.add(client);
  const isRead = onlyReading.has(client);
  if (/^(?:commit|rollback)/i.test(text)) onlyReading.delete(client);
  const { label, changing } = statementLabel(text, params);
  return { label, changing: changing && !isRead };
}

async function through(
  execution: Execution,
  { label, changing }: { label: string; changing: boolean },
  send: () => Promise<unknown>,
): Promise<unknown> {
  const call = made(execution, label, changing);
  await pass(execution, 'unsent', call);
  const answer = send();
  const point = meet(execution, 'sent', call);
  if (point) {
    answer.catch(() => undefined);
    // It is written in the next tick.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await act(execution, point);
  }
  try {
    return await answer;
  } finally {
    await pass(execution, 'answered', call);
  }
}

/** The same for the programs of a provisioner; there is no waiting here, only dying. */
export function watchPrograms(): void {
  const { spawn } = childProcess;
  Reflect.set(childProcess, 'spawn', (...args: unknown[]) => {
    const begin = (): childProcess.ChildProcess =>
      Reflect.apply(spawn, childProcess, args) as childProcess.ChildProcess;
    const execution = current.getStore();
    if (!execution) return begin();
    const words = Array.isArray(args[1]) ? args[1].map(String) : [];
    const action = words.find((word) => ['start', 'stop', 'list'].includes(word)) ?? 'program';
    const call = made(execution, `program-${action}`, action !== 'list');
    // A kill lets nothing happen after it, so that there is nothing to wait for.
    void pass(execution, 'unsent', call);
    const child = begin();
    const sent = meet(execution, 'sent', call);
    if (sent) setTimeout(() => void act(execution, sent), sent.delayMs ?? 0);
    child.once('exit', () => void pass(execution, 'answered', call));
    return child;
  });
  syncBuiltinESMExports();
}
