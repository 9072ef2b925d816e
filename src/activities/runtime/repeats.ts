import { ApplicationFailure } from '@temporalio/common';
import { does, remediesOf } from '../../contract/index.js';
import { detailsOf, needsPerson, repetitionOf } from '../../failures.js';

/** How often each cause has failed an activity so far, in the order of their last time. */
export type Counts = Record<string, number>;

/** Causes that are remembered; heartbeats carry them. */
const mostCauses = 20;

/** The counts that an earlier attempt has left in its heartbeat. */
export function countsIn(heartbeat: unknown): Counts {
  const failures: unknown =
    typeof heartbeat === 'object' && heartbeat !== null && 'failures' in heartbeat ? heartbeat.failures : {};
  const entries = typeof failures === 'object' && failures !== null ? Object.entries(failures) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

/**
 * Counts a failure whose cause may repeat. What has come too often doesn't pass: it is a person's from then on, with the
 * same cause. True outages aren't counted, however long they last.
 *
 * @returns the failure to end the attempt with, and the counts that the next one is to know
 */
export function countFailure(failure: Error, counts: Counts): { failure: Error; counts: Counts } {
  const repetition = repetitionOf(failure);
  if (!(failure instanceof ApplicationFailure) || !repetition) return { failure, counts };
  const { cause, most } = repetition;
  const { [cause]: before = 0, ...others } = counts;
  const times = before + 1;
  const kept = Object.entries(others).slice(1 - mostCauses);
  return {
    failure: times < most ? failure : parked(failure, times),
    counts: Object.fromEntries([...kept, [cause, times]]),
  };
}

function parked(failure: ApplicationFailure, times: number): Error {
  const { evidence, remedies } = detailsOf(failure);
  const [repair, ...rest] = remedies;
  return needsPerson(failure.message, {
    evidence: [...evidence, `failed ${times} times for the same cause; it is not begun again by itself`],
    remedies: remediesOf(
      does('retry', `${repair?.text ?? 'change what ends it each time'}, then retry`),
      ...rest,
    ),
  });
}
