import { expect, test } from 'vitest';
import { classify } from '../../../src/activities/runtime/classify.js';
import { CoordinatorAwayError, NoWritableCoordinatorError } from '../../../src/citus/session/connect.js';
import { detailsOf, passingType } from '../../../src/failures.js';

const away = [
  new CoordinatorAwayError(
    'shop',
    'db0:5432',
    'ECONNREFUSED',
    new Error('connect ECONNREFUSED 10.0.0.1:5432'),
  ),
  new NoWritableCoordinatorError('shop', ['db0 is read-only', 'db1: connect ECONNREFUSED']),
];

test.each(away)(
  '$name is called by its name, with failover and the hosts of the config as the way out',
  (error) => {
    for (const worksFor of ['operation', 'look'] as const) {
      const failure = classify(error, worksFor);
      expect(failure).toMatchObject({ type: passingType, message: error.message });
      expect(detailsOf(failure).remedies[0]?.text).toMatch(
        /make its standby the coordinator.*coordinator\.hosts/,
      );
    }
  },
);
