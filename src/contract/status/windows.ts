/** A stretch of time in which movements may run; ISO 8601 UTC, `to` is outside. */
export interface WindowSpan {
  from: string;
  to: string;
}

/** The maintenance windows from now on. */
export interface WindowCalendar {
  /** Whose clock the config means, such as `Europe/Berlin`. */
  timezone: string;
  /** The next stretches, in their order, apart from each other. */
  open: WindowSpan[];
  /** Beyond it nothing is known: a stretch that ends here may go on. */
  until: string;
  /** The longest one within the next months; absent when none opens. */
  longest?: WindowSpan;
  /** How long a running move may go on after closing time, if it is expected to end by then. */
  graceSeconds: number;
}

/** The maintenance windows, as an operation sees them now. */
export interface WindowStatus {
  /** Whose clock the config means, such as `Europe/Berlin`; the times here are UTC all the same. */
  timezone?: string;
  /** Whether data may move now. */
  open: boolean;
  /** When the next window opens. */
  opensAt?: string;
  /** When the present one closes. */
  closesAt?: string;
  /** Who lets the operation move whatever the windows say, and why. */
  ignored?: { by: string; reason: string };
}
