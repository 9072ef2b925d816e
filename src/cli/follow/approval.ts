import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationHandle } from '../../client/index.js';
import { givesUp, type OperationStatus, type Plan } from '../../contract/index.js';
import type { App } from '../app.js';
import { renderPlan } from '../render/plan.js';
import { heading } from '../render/state.js';
import { windowLines } from '../render/window.js';
import { whoAmI } from '../options/who.js';

/** Shows the plan and asks. Someone else may answer meanwhile: then the question goes away. */
export async function askApproval(
  { io, patience }: Pick<App, 'io' | 'patience'>,
  handle: OperationHandle,
  status: OperationStatus,
  plan: Plan,
  interrupted: AbortSignal,
): Promise<'decided' | 'detach'> {
  const { paintError: paint, columns } = io;
  const planText = renderPlan(plan, status.checks, paint, columns, status);
  io.warn([heading(status, paint), planText, ...windowLines(status, columns, Date.now()), ''].join('\n\n'));
  const prompts = await import('@clack/prompts');
  const question = new AbortController();
  const isAnswered = (): boolean => question.signal.aborted;
  void watchForOthers(handle, plan.hash, question);
  const signal = AbortSignal.any([question.signal, interrupted]);
  try {
    const choice = await prompts.select({
      message: 'Carry out this plan?',
      options: [
        { value: 'approve', label: 'Approve' },
        { value: 'reject', label: 'Reject', hint: 'ends the operation, nothing was changed' },
        { value: 'detach', label: 'Decide later', hint: 'the operation waits' },
      ],
      initialValue: 'approve',
      showInstructions: false,
      output: process.stderr,
      signal,
    });
    if (isAnswered()) return 'decided';
    if (choice === 'approve') {
      const backup = givesUp(plan)
        ? await prompts.text({
            message: 'Which is the newest backup of what is given up? The report will name it.',
            defaultValue: 'none',
            placeholder: 'none',
            output: process.stderr,
            signal,
          })
        : undefined;
      if (isAnswered()) return 'decided';
      if (prompts.isCancel(backup)) return 'detach';
      const args = { by: whoAmI(), planHash: plan.hash, ...(backup !== undefined && { backup }) };
      const id = randomUUID();
      await patience.ask(() => handle.update('approve', args, { id }));
      return 'decided';
    }
    if (choice !== 'reject') return 'detach';
    const reason = await prompts.text({
      message: 'Why?',
      defaultValue: 'no reason given',
      placeholder: 'no reason given',
      output: process.stderr,
      signal,
    });
    if (isAnswered()) return 'decided';
    if (prompts.isCancel(reason)) return 'detach';
    const id = randomUUID();
    await patience.ask(() => handle.update('reject', { by: whoAmI(), reason }, { id }));
    return 'decided';
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'UpdateRejectedError') throw error;
    io.warn(error.message);
    return 'decided';
  } finally {
    question.abort();
  }
}

async function watchForOthers(
  handle: OperationHandle,
  planHash: string,
  question: AbortController,
): Promise<void> {
  const wait = (): Promise<boolean> => sleep(2_000, true, { signal: question.signal }).catch(() => false);
  while (await wait()) {
    const status = await handle.status().catch(() => undefined);
    if (status && (status.state !== 'awaiting-approval' || status.plan?.hash !== planHash)) question.abort();
  }
}
