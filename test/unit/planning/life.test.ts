import { describe, expect, test } from 'vitest';
import { isBack, mostAwayAtOnce, signOf, verdictOf } from '../../../src/planning/life.js';

const from = 'the coordinator';

describe('a worker is', () => {
  test.each([
    'Connection refused',
    'connection to server at "10.0.0.3", port 5432 failed: No route to host',
    'connect ECONNREFUSED 10.0.0.3:5432 (ECONNREFUSED)',
    'timeout expired',
    'could not connect to server: Connection timed out',
    'no answer within 4 s',
    'failed to connect to db3:5432',
    'SSL SYSCALL error: Connection timed out',
    'server closed the connection unexpectedly',
    'could not translate host name "db3" to address: Name or service not known',
  ])('dead: %s', (answer) => {
    expect(signOf({ from, answer })).toBe('dead');
  });

  test.each([
    undefined,
    'FATAL:  the database system is starting up',
    'FATAL:  the database system is not yet accepting connections',
    'FATAL:  sorry, too many clients already',
    'FATAL:  remaining connection slots are reserved',
    'password authentication failed for user "scaler"',
    'no pg_hba.conf entry for host "10.0.0.1"',
    'self-signed certificate in certificate chain',
    'fe_sendauth: no password supplied',
    'FATAL:  database "shop" does not exist',
  ])('alive: %s', (answer) => {
    expect(signOf({ from, ...(answer !== undefined && { answer }) })).toBe('alive');
  });

  test('neither, for who could not look', () => {
    expect(signOf({ from, answer: 'can’t look: it doesn’t answer itself' })).toBe('unknown');
    expect(signOf({ from, answer: 'getaddrinfo ENOTFOUND db3 (ENOTFOUND)' })).toBe('unknown');
  });
});

test('one who gets an answer outweighs all who get none, and one who could not look says nothing', () => {
  const dead = { from, answer: 'Connection refused' };
  const alive = { from: 'db2:5432' };
  const unknown = { from: 'db4:5432', answer: 'may not connect to it' };
  expect(verdictOf([dead, dead, alive])).toBe('alive');
  expect(verdictOf([dead, unknown])).toBe('dead');
  expect(verdictOf([unknown])).toBe('unknown');
  expect(verdictOf([])).toBe('unknown');
});

test('back is one that gives an answer to all who can look', () => {
  const alive = { from: 'db2:5432' };
  const unknown = { from: 'db4:5432', answer: 'can’t look: it doesn’t answer itself' };
  expect(isBack([alive, unknown])).toBe(true);
  expect(isBack([alive, { from, answer: 'FATAL:  the database system is starting up' }])).toBe(false);
  expect(isBack([alive, { from, answer: 'Connection refused' }])).toBe(false);
  expect(isBack([unknown])).toBe(false);
});

test.each([
  [1, 1],
  [2, 1],
  [5, 1],
  [6, 2],
  [12, 4],
])('of %d workers %d may be away at once', (workers, most) => {
  expect(mostAwayAtOnce(workers)).toBe(most);
});
