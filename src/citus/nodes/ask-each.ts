import type { Db } from '../session/connect.js';
import { within } from '../session/within.js';

/** Seconds that one node gets when all together took too long. */
const secondsAlone = 5;

/**
 * The answers of all nodes. A node that is frozen neither answers nor refuses, and holds up the question to all: when
 * they take longer than `seconds` together, each is asked by itself, so that only the silent ones lack an answer.
 *
 * @param ask asks these nodes in one statement; answers in their order
 */
export async function askEach<Answer>(
  db: Db,
  nodes: string[],
  seconds: number,
  ask: (nodes: string[]) => Promise<Answer[]>,
): Promise<(Answer | { node: string; error: string })[]> {
  const together = await within(db, seconds, () => ask(nodes));
  if (together) return together;
  const answers: (Answer | { node: string; error: string })[] = [];
  for (const node of nodes) {
    const alone = await within(db, secondsAlone, () => ask([node]));
    answers.push(alone?.[0] ?? { node, error: `no answer within ${secondsAlone} s` });
  }
  return answers;
}
