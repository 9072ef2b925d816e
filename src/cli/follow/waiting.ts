import type { Waiting } from '../../client/index.js';
import { duration } from '../render/text/figures.js';

/** `No worker answers on task queue citus-scaler. Waiting for it, 2 min at most.` */
export function waitingLine({ problem, leftMs }: Waiting): string {
  return `${problem} Waiting for it, ${duration(Math.ceil(leftMs / 1_000))} at most.`;
}

/** Says each problem once, and when there is an answer again: that is told by `undefined`. */
export function sayOnce(say: (line: string) => void): (waiting: Waiting | undefined) => void {
  let said: string | undefined;
  return (waiting) => {
    if (waiting && waiting.problem !== said) say(waitingLine(waiting));
    if (!waiting && said !== undefined) say('There is an answer again.');
    said = waiting?.problem;
  };
}
