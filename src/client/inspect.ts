import { WorkflowFailedError, WorkflowIdReusePolicy } from '@temporalio/client';
import {
  inspectType,
  taskQueue,
  type InspectAnswer,
  type InspectAnswers,
  type InspectInput,
  type InspectWhat,
} from '../contract/index.js';
import { needsPersonType, passingType } from '../failures.js';
import { request, type Context } from './temporal/context.js';
import { UnreachableError } from './errors.js';
import { applicationFailure, failureOf, parseDetails } from './failure.js';
import { explain, isDeadline } from './temporal/grpc.js';
import { operationId } from './start/ids.js';
import { countWorkers, noWorker } from './temporal/workers.js';

/** A look at a cluster takes seconds; one whose nodes hang takes their deadlines. */
const answerTimeoutMs = 80_000;
/** Within this a worker has at least begun. */
const takenUpTimeoutMs = 6_000;

/** Input of `inspect` on one subject. */
export type InspectInputOf<What extends InspectWhat> = InspectInput & { what: What };

/** One look at a cluster, through the worker. Without `page` all pages are read and joined. */
export async function inspect<What extends InspectWhat>(
  context: Context,
  query: InspectInputOf<What>,
): Promise<InspectAnswers[What]> {
  const { checkInspectInput } = await import('./start/input.js');
  const input = { ...checkInspectInput(query), what: query.what };
  let answer = await readPage(context, input);
  while (input.page === undefined && answer.nextPage !== undefined) {
    const next = await readPage(context, { ...input, page: answer.nextPage });
    answer = join(answer, next);
  }
  return answer;
}

async function readPage<What extends InspectWhat>(
  context: Context,
  input: InspectInputOf<What>,
): Promise<InspectAnswers[What]> {
  const { client, target } = context;
  const id = operationId(input.cluster ?? 'all', inspectType);
  if ((await countWorkers(client, target)) === 0) throw noWorker('Temporal knows of none that polls.');
  const handle = await request(context, () =>
    client.workflow.start(inspectType, {
      workflowId: id,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      workflowExecutionTimeout: '5m',
      staticSummary: `Look at ${input.cluster ?? 'the registered clusters'}: ${input.what}`,
    }),
  );
  try {
    const quick = await answerWithin(context, id, takenUpTimeoutMs);
    const answer =
      quick ??
      ((await isTakenUp(context, id)) ? await answerWithin(context, id, answerTimeoutMs) : undefined);
    if (answer !== undefined) return answer as InspectAnswers[What];
  } catch (error) {
    throw clusterAway(error, input) ?? failureOf(error, id) ?? explain(error, target);
  }
  const late = await tooSlow(context, id, input);
  await handle.terminate('nobody waits for the answer any more').catch(() => undefined);
  throw late;
}

/** The workflow's result, or undefined when it isn't there in time. */
async function answerWithin(
  { client }: Context,
  id: string,
  timeoutMs: number,
): Promise<InspectAnswer | undefined> {
  try {
    const result = client.connection.withDeadline(Date.now() + timeoutMs, () =>
      client.workflow.getHandle(id).result(),
    );
    return (await result) as InspectAnswer;
  } catch (error) {
    if (isDeadline(error)) return undefined;
    throw error;
  }
}

/** A worker that is there takes it up in milliseconds: its history then holds more than the start and the first task. */
async function isTakenUp(context: Context, id: string): Promise<boolean> {
  const { historyLength } = await request(context, () => context.client.workflow.getHandle(id).describe());
  return historyLength > 2;
}

/** The worker classifies what a cluster's servers answer; an error that ends a look is one of reaching it. */
function clusterAway(error: unknown, { cluster }: InspectInput): UnreachableError | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const failure = applicationFailure(error.cause);
  if (failure?.type !== passingType && failure?.type !== needsPersonType) return undefined;
  const message = `${cluster ?? 'The cluster'} can't be looked at: ${failure.message}`;
  const details = parseDetails(failure.details?.[0]);
  return new UnreachableError(
    'cluster',
    message,
    { ...details, ...(cluster !== undefined && { cluster }) },
    error,
  );
}

/** Who keeps us waiting: no worker took the work up, or the cluster doesn't answer it. */
async function tooSlow(
  context: Context,
  id: string,
  { cluster, what }: InspectInput,
): Promise<UnreachableError> {
  const { raw } = await request(context, () => context.client.workflow.getHandle(id).describe());
  const waits = raw.pendingActivities?.[0];
  if (!waits) return noWorker(`${id} was not taken up within ${takenUpTimeoutMs / 1_000} s.`);
  const evidence = waits.lastFailure?.message;
  return new UnreachableError(
    'cluster',
    `${cluster ?? 'The worker'} didn't answer to ${what} within ${(takenUpTimeoutMs + answerTimeoutMs) / 1_000} s.`,
    { ...(cluster !== undefined && { cluster }), evidence: evidence ? [evidence] : [] },
  );
}

/** Joins two pages: what the next one lists is added to what the first one lists. */
function join<Answer extends InspectAnswer>(first: Answer, next: Answer): Answer {
  const { nextPage: _, ...rest } = first;
  const sums = Object.entries(next).flatMap(([name, value]) => {
    const before: unknown = Reflect.get(rest, name);
    return Array.isArray(value) && Array.isArray(before)
      ? [[name, [...(before as unknown[]), ...(value as unknown[])]]]
      : [];
  });
  const more = next.nextPage === undefined ? {} : { nextPage: next.nextPage };
  return { ...rest, ...(Object.fromEntries(sums) as object), ...more } as Answer;
}
