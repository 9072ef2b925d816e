import { describe, expect, test } from 'vitest';
import { calendarOf } from '../../../src/config/index.js';
import type { Windows } from '../../../src/config/config.js';

const hour = 3_600;
const berlin = (parts: Partial<Windows>): Windows => ({
  timezone: 'Europe/Berlin',
  deny: [],
  graceSeconds: 600,
  ...parts,
});
const spans = (windows: Windows, from: string, n = 2): string[] =>
  calendarOf(windows, Date.parse(from))
    .open.slice(0, n)
    .map((span) => `${span.from.slice(0, 16)} ${span.to.slice(0, 16)}`);
const allow = (schedule: string, seconds: number): Windows => berlin({ allow: [{ schedule, seconds }] });

describe('daylight saving', () => {
  test('a window that would begin in the skipped hour begins at its end, and lasts its whole length', () => {
    expect(spans(allow('30 2 * * *', hour), '2027-03-27T12:00:00Z')).toEqual([
      '2027-03-28T01:00 2027-03-28T02:00',
      '2027-03-29T00:30 2027-03-29T01:30',
    ]);
  });

  test('a window that begins in the repeated hour begins once, the first time', () => {
    expect(spans(allow('30 2 * * *', hour), '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T00:30 2026-10-25T01:30',
      '2026-10-26T01:30 2026-10-26T02:30',
    ]);
  });

  test('a night has its length by the clock that runs, also when the hands are put', () => {
    expect(spans(allow('0 22 * * *', 8 * hour), '2026-10-24T12:00:00Z', 1)).toEqual([
      '2026-10-24T20:00 2026-10-25T04:00',
    ]);
    expect(spans(allow('0 22 * * *', 8 * hour), '2027-03-27T12:00:00Z', 1)).toEqual([
      '2027-03-27T21:00 2027-03-28T05:00',
    ]);
  });

  test('each half hour of the repeated hour is in a window that begins each half hour', () => {
    expect(spans(allow('*/30 2 * * *', 600), '2026-10-24T23:00:00Z', 4)).toEqual([
      '2026-10-25T00:00 2026-10-25T00:10',
      '2026-10-25T00:30 2026-10-25T00:40',
      '2026-10-25T01:00 2026-10-25T01:10',
      '2026-10-25T01:30 2026-10-25T01:40',
    ]);
  });
});

test('a window that is open already is told from now on, with its real end', () => {
  expect(spans(allow('0 22 * * 1-5', 8 * hour), '2026-11-24T23:00:00Z', 1)).toEqual([
    '2026-11-24T23:00 2026-11-25T05:00',
  ]);
});

test('overlapping windows are one, and deny wins', () => {
  const windows = berlin({
    allow: [
      { schedule: '0 22 * * *', seconds: 4 * hour },
      { schedule: '0 1 * * *', seconds: 4 * hour },
    ],
    deny: [{ schedule: '0 0 25 11 *', seconds: hour }],
  });
  expect(spans(windows, '2026-11-24T12:00:00Z', 3)).toEqual([
    '2026-11-24T21:00 2026-11-24T23:00',
    '2026-11-25T00:00 2026-11-25T04:00',
    '2026-11-25T21:00 2026-11-26T04:00',
  ]);
});

test('deny alone leaves the rest of the time open; the last stretch known has no known end', () => {
  const calendar = calendarOf(
    berlin({ deny: [{ schedule: '0 0 24 12 *', seconds: 72 * hour }] }),
    Date.parse('2026-11-24T00:00:00Z'),
  );
  expect(calendar.open.map(({ from, to }) => `${from} ${to}`)).toEqual([
    '2026-11-24T00:00:00.000Z 2026-12-23T23:00:00.000Z',
    `2026-12-26T23:00:00.000Z ${calendar.until}`,
  ]);
});

test('a denied time that began earlier still holds', () => {
  const windows = berlin({ deny: [{ schedule: '0 0 1 * *', seconds: 10 * 24 * hour }] });
  expect(spans(windows, '2026-11-05T00:00:00Z', 1)).toEqual(['2026-11-10T23:00 2026-11-30T23:00']);
});

test('the longest window is known also when many short ones come before it', () => {
  const windows = berlin({
    allow: [
      { schedule: '0 1 * * *', seconds: 600 },
      { schedule: '0 2 15 2 *', seconds: 5 * hour },
    ],
  });
  const { longest } = calendarOf(windows, Date.parse('2026-12-01T00:00:00Z'));
  expect(longest?.from).toBe('2027-02-15T01:00:00.000Z');
});

test('a leap day is found; what never opens is said to be never open', () => {
  expect(spans(allow('0 0 29 2 *', hour), '2026-11-24T00:00:00Z', 1)).toEqual([
    '2028-02-28T23:00 2028-02-29T00:00',
  ]);
  expect(spans(allow('0 0 31 2 *', hour), '2026-11-24T00:00:00Z')).toEqual([]);
});

test('a schedule for each minute takes no minute to read', () => {
  const windows = berlin({
    allow: [{ schedule: '* * * * *', seconds: 60 }],
    deny: [{ schedule: '*/5 * * * *', seconds: 30 }],
  });
  const { open, until } = calendarOf(windows, Date.parse('2026-11-24T00:00:00Z'));
  expect(open).toHaveLength(20);
  expect(open[1]).toEqual({ from: '2026-11-24T00:05:30.000Z', to: '2026-11-24T00:10:00.000Z' });
  expect(until).toBe(open.at(-1)?.to);
});
