import { giveUpSilentNodesSoon } from '../../citus/nodes/node-answers.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { readLoginReasons } from '../../citus/nodes/refused-logins.js';
import { NodeNotAllowedError, withCoordinator, withNode, type Db } from '../../citus/session/connect.js';
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
 * Looks at a worker once, from everywhere and side by side, since a frozen one keeps whoever asks waiting: from here, from the
 * coordinator, and from some other workers.
 *
 * @param witnesses other workers
 */
export async function lookFromAllSides(
  cluster: ClusterConfig,
  node: string,
  witnesses: readonly string[],
): Promise<Look[]> {
  const looks = await Promise.all([
    lookFromHere(cluster, node),
    lookFromCoordinator(cluster, node),
    lookFromWorkers(cluster, node, witnesses.slice(0, mostWitnesses)),
  ]);
  return looks.flat();
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

/** All are asked in one statement; those who don't answer that are asked once more, each by itself. */
function lookFromWorkers(
  cluster: ClusterConfig,
  node: string,
  witnesses: readonly string[],
): Promise<Look[]> {
  return inLook(cluster, async (db) => {
    const command = commandToTry(node);
    const together = await within(db, 8, () =>
      runOnNodes(
        db,
        witnesses.map((witness) => ({ node: witness, command })),
      ),
    );
    const looks: Look[] = [];
    for (const witness of witnesses) {
      const answer = together?.find((each) => each.success && each.node === witness);
      looks.push(answer ? lookOf(witness, answer.result) : await lookFromWorker(db, witness, command));
    }
    return looks;
  });
}

async function lookFromWorker(db: Db, witness: string, command: string): Promise<Look> {
  const asked = await within(db, 6, () => runOnNodes(db, [{ node: witness, command: 'SELECT 1' }]));
  if (!asked?.[0]?.success) return { from: witness, answer: 'can’t look: it doesn’t answer itself' };
  const tried = await within(db, 8, () => runOnNodes(db, [{ node: witness, command }]));
  return lookOf(witness, tried?.[0]?.success ? tried[0].result : 'no answer within 8 s');
}

function lookOf(from: string, answer: string): Look {
  return answer === '' ? { from } : { from, answer };
}

/** Has a worker connect to another: one column, empty when it can. A frozen server takes the connection, and no more. */
function commandToTry(node: string): string {
  const { host, port } = addressOf(node);
  return `SELECT CASE WHEN r.success THEN '' ELSE r.result END
    FROM (SELECT set_config('citus.node_connection_timeout', '3s', false) AS done OFFSET 0) s,
         LATERAL master_run_on_worker(ARRAY[${literal(host)}]::text[], ARRAY[${port}]::int[],
           ARRAY[CASE WHEN s.done IS NOT NULL THEN 'SELECT 1' END]::text[], false) r`;
}

async function lookFromCoordinator(cluster: ClusterConfig, node: string): Promise<Look> {
  const from = 'the coordinator';
  const [answers, reasons] = await Promise.all([
    inLook(cluster, (db) => within(db, 5, () => runOnNodes(db, [{ node, command: 'SELECT 1' }]))),
    // What runs a command on a node only says that it failed.
    inLook(cluster, (db) => readLoginReasons(db, [node])),
  ]);
  const [row] = answers ?? [];
  if (row?.success) return { from };
  return { from, answer: reasons.get(node) ?? (row ? row.result : 'no answer within 5 s') };
}

/** A session on the coordinator, in which a silent node is given up soon. */
function inLook<T>(cluster: ClusterConfig, work: (db: Db) => Promise<T>): Promise<T> {
  return withCoordinator(cluster, readSession('is it dead?', { statementTimeoutSeconds: 20 }), async (db) => {
    await giveUpSilentNodesSoon(db);
    return work(db);
  });
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
