/** One look at a worker from one place. */
export interface Look {
  /** Who looked: `citus-scaler`, `the coordinator`, or a worker. */
  from: string;
  /** What came back; absent: it answered. */
  answer?: string;
}

/** What a look says of the worker. `unknown`: it says nothing of it, for who looked could not. */
export type Sign = 'alive' | 'dead' | 'unknown';

/**
 * What is said of a server that isn't there, by libpq, Node.js and the kernel. A stopped or frozen server takes a connection
 * and says nothing: that comes as a time-out.
 */
const deadWords =
  /refused|failed to connect|no route to host|host is down|timed? ?out|timeout expired|unreachable|could not translate host name|no answer|closed the connection unexpectedly|terminated unexpectedly|reset by peer|EHOSTUNREACH|ENETUNREACH|ECONNREFUSED|ETIMEDOUT|ECONNRESET|EHOSTDOWN/i;

/** What a server says that runs. It comes from PostgreSQL itself, whatever it is that it says. */
const aliveWords =
  /FATAL:|authentication|password|pg_hba|starting up|shutting down|in recovery|recovery mode|accepting connections|too many|connection slots|read-only|certificate|not support SSL|permission denied|does not exist/i;

/** What a look says of the worker. Who can't look for reasons of its own says nothing. */
export function signOf({ answer }: Look): Sign {
  if (answer === undefined || aliveWords.test(answer)) return 'alive';
  return deadWords.test(answer) ? 'dead' : 'unknown';
}

/** What all looks at a worker come to: it is dead when somebody finds it so, and nobody finds it alive. */
export function verdictOf(looks: readonly Look[]): Sign {
  const signs = looks.map(signOf);
  if (signs.includes('alive')) return 'alive';
  return signs.includes('dead') ? 'dead' : 'unknown';
}

/**
 * Whether a worker is back: all who could look had an answer of it, and somebody could. One that is starting up lives, and
 * gives none yet; another worker that is dead itself tells nothing.
 */
export function isBack(looks: readonly Look[]): boolean {
  const told = looks.filter((look) => signOf(look) !== 'unknown');
  return told.length > 0 && told.every(({ answer }) => answer === undefined);
}

/**
 * How many workers may be away at once before the network, or this host, is the likely cause: one, or a third of them.
 */
export function mostAwayAtOnce(workers: number): number {
  return Math.max(1, Math.floor(workers / 3));
}
