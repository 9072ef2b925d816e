import { readLoginReasons } from '../../citus/nodes/refused-logins.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { NodeNotAllowedError, withNode, type Db } from '../../citus/session/connect.js';
import { literal } from '../../citus/session/quote.js';
import { within } from '../../citus/session/within.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Look } from '../../planning/life.js';
import { addressOf } from '../../text/address.js';
import { readSession } from '../runtime/context.js';

/** Workers that are asked whether they reach another: enough to tell a cut cable from a dead server. */
const mostWitnesses = 3;
/** Milliseconds that citus-scaler itself waits for an answer. */
const ownPatienceMs = 4_000;

/**
 * Looks at a worker once, from everywhere: from here, from the coordinator, and from some other workers.
 *
 * @param db a session on the coordinator
 * @param witnesses other workers
 */
export async function lookFromAllSides(
  db: Db,
  cluster: ClusterConfig,
  node: string,
  witnesses: readonly string[],
): Promise<Look[]> {
  const [own, others] = await Promise.all([lookFromHere(cluster, node), lookFromInside(db, node, witnesses)]);
  return [own, ...others];
}

async function lookFromHere(cluster: ClusterConfig, node: string): Promise<Look> {
  const from = 'citus-scaler';
  const patience = AbortSignal.timeout(ownPatienceMs);
  const options = readSession('is it dead?', { statementTimeoutSeconds: 3 });
  const signal = options.signal ? AbortSignal.any([options.signal, patience]) : patience;
  try {
    await withNode(cluster, node, { ...options, signal }, (there) => there.query('SELECT 1'));
    return { from };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (patience.aborted) return { from, answer: `no answer within ${ownPatienceMs / 1_000} s` };
    if (error instanceof NodeNotAllowedError) return { from, answer: 'may not connect to it' };
    return { from, answer: textOf(error) };
  }
}

async function lookFromInside(db: Db, node: string, witnesses: readonly string[]): Promise<Look[]> {
  const looks = [await lookFromCoordinator(db, node)];
  for (const witness of witnesses.slice(0, mostWitnesses)) {
    const asked = await within(db, 6, () => runOnNodes(db, [{ node: witness, command: 'SELECT 1' }]));
    if (!asked?.[0]?.success) {
      looks.push({ from: witness, answer: 'can’t look: it doesn’t answer itself' });
      continue;
    }
    const command = commandToTry(node);
    const tried = await within(db, 8, () => runOnNodes(db, [{ node: witness, command }]));
    const answer = tried?.[0]?.success ? tried[0].result : 'no answer within 8 s';
    looks.push(answer === '' ? { from: witness } : { from: witness, answer });
  }
  return looks;
}

/** Has a worker connect to another: one column, empty when it can. A frozen server takes the connection, and no more. */
function commandToTry(node: string): string {
  const { host, port } = addressOf(node);
  return `SELECT CASE WHEN r.success THEN '' ELSE r.result END
    FROM (SELECT set_config('citus.node_connection_timeout', '3s', false) AS done OFFSET 0) s,
         LATERAL master_run_on_worker(ARRAY[${literal(host)}]::text[], ARRAY[${port}]::int[],
           ARRAY[CASE WHEN s.done IS NOT NULL THEN 'SELECT 1' END]::text[], false) r`;
}

async function lookFromCoordinator(db: Db, node: string): Promise<Look> {
  const from = 'the coordinator';
  const answers = await within(db, 5, () => runOnNodes(db, [{ node, command: 'SELECT 1' }]));
  const [row] = answers ?? [];
  if (row?.success) return { from };
  // What runs a command on a node only says that it failed.
  const reason = (await readLoginReasons(db, [node])).get(node);
  return { from, answer: reason ?? (row ? row.result : 'no answer within 5 s') };
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as Error & { code?: string };
  // A server that answers with an error runs: its errors have five characters of SQLSTATE.
  const words = error instanceof AggregateError ? error.errors.map(textOf).join('; ') : error.message;
  return code !== undefined && 'severity' in error
    ? `FATAL: ${words}`
    : `${words}${code ? ` (${code})` : ''}`;
}
