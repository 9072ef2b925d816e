/** `unsent`, `sent` and `answered` are moments of one of its statements or programs. */
export type Moment = 'before' | 'unsent' | 'sent' | 'answered' | 'after';

/** A statement that an activity sends, or a program that it starts: the nth of this name in its execution. */
export interface Call {
  label: string;
  nth: number;
}

/** One moment in the nth execution of an activity that a worker process has seen, and what the worker does then. */
export interface Point {
  name: string;
  activity: string;
  nth: number;
  moment: Moment;
  call?: Call;
  /** Programs only: how long after the moment. */
  delayMs?: number;
  /** `kill`: it kills itself. `tell`: it tells the test and waits. */
  act: 'kill' | 'tell';
}

/** One line of what a worker process has done. */
export interface Event {
  at: number;
  event: 'begin' | 'call' | 'end' | 'point';
  activity: string;
  nth: number;
  attempt: number;
  workflowType: string;
  call?: Call;
  /** Of a call: whether it may change something. */
  changing?: boolean;
  point?: string;
}

export type ToWorker =
  | { type: 'begin'; configFile: string; address: string }
  | { type: 'arm'; points: Point[]; eventsFile: string }
  | { type: 'go'; point: string };

export type FromWorker = { type: 'loaded' } | { type: 'armed' } | { type: 'at'; point: string };
