import { ownWorkflowId, type ActivityContext } from './context.js';

/** Asks the running activity's workflow a question of yes or no. Whoever can't be asked says no. */
export async function askWorkflow<Question>(
  { client }: ActivityContext,
  query: string,
  question: Question,
): Promise<boolean> {
  try {
    return await client.workflow.getHandle(ownWorkflowId()).query<boolean, [Question]>(query, question);
  } catch {
    return false;
  }
}
