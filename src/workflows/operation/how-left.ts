import type { FailureDetails } from '../../contract/index.js';

/** How the cluster is left when the operation ends now, and what a person has to do then. */
export type HowLeft = Pick<FailureDetails, 'evidence' | 'remedies'>;
