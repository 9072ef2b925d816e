import { detailsFrom, type Advice, type FailureDetails } from '../contract/index.js';

/** An error as `--json` prints it, and as a person reads it. */
export interface Problem {
  type: string;
  message: string;
  details: FailureDetails;
}

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly type = 'Usage';
  readonly details: FailureDetails;

  constructor(message: string, remedies: Advice[] = [], evidence: string[] = []) {
    super(message);
    this.details = detailsFrom({ evidence, remedies });
  }
}

/** The problem that an error means to a person. Only one that nobody foresaw shows where it came from. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof Error))
    return { type: 'Unexpected', message: String(error), details: detailsFrom({}) };
  if (error.name === 'ConfigError') {
    const [first = error.message, ...more] = error.message.split('\n');
    return { type: 'Config', message: first, details: detailsFrom({ evidence: more }) };
  }
  if (hasProblem(error)) return { type: error.type, message: error.message, details: error.details };
  return {
    type: 'Unexpected',
    message: error.message,
    details: detailsFrom({ evidence: whereFrom(error) }),
  };
}

function hasProblem(error: Error): error is Error & Problem {
  return 'type' in error && typeof error.type === 'string' && 'details' in error && isDetails(error.details);
}

function isDetails(value: unknown): value is FailureDetails {
  return typeof value === 'object' && value !== null && 'evidence' in value && 'remedies' in value;
}

function whereFrom(error: Error): string[] {
  return process.env['DEBUG'] === undefined
    ? ['DEBUG=1 shows where this came from.']
    : (error.stack ?? '').split('\n');
}
