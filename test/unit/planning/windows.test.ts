import { expect, test } from 'vitest';
import type { WindowCalendar } from '../../../src/contract/index.js';
import {
  closingTime,
  isOutdated,
  longestSeconds,
  nextChange,
  openAt,
  secondsLeft,
  windowStatus,
} from '../../../src/planning/windows.js';

const at = (clock: string): number => Date.parse(`2026-11-24T${clock}:00Z`);
const span = (from: string, to: string) => ({
  from: new Date(at(from)).toISOString(),
  to: new Date(at(to)).toISOString(),
});
const night: WindowCalendar = {
  timezone: 'Europe/Berlin',
  open: [span('01:00', '03:00'), span('05:00', '06:00')],
  until: '2026-12-24T00:00:00.000Z',
  longest: span('01:00', '03:00'),
  graceSeconds: 600,
};

test('a window is open from its first moment on and closed at its last', () => {
  expect(openAt(night, at('00:59'))).toBeUndefined();
  expect(openAt(night, at('01:00'))).toEqual(night.open[0]);
  expect(openAt(night, at('03:00'))).toBeUndefined();
});

test('the status says what comes next', () => {
  expect(windowStatus(night, at('00:00'))).toEqual({
    timezone: 'Europe/Berlin',
    open: false,
    opensAt: '2026-11-24T01:00:00.000Z',
  });
  expect(windowStatus(night, at('02:00'))).toEqual({
    timezone: 'Europe/Berlin',
    open: true,
    closesAt: '2026-11-24T03:00:00.000Z',
    opensAt: '2026-11-24T05:00:00.000Z',
  });
  expect(windowStatus(night, at('07:00'))).toEqual({ timezone: 'Europe/Berlin', open: false });
});

test('seconds are counted to the end of the window, and there are none outside', () => {
  expect(secondsLeft(night, at('02:59'))).toBe(60);
  expect(secondsLeft(night, at('04:00'))).toBe(0);
  expect(longestSeconds(night)).toBe(7_200);
});

test('something changes when a window opens, when it closes, and when nothing is known any more', () => {
  expect(nextChange(night, at('00:30'))).toBe(at('01:00'));
  expect(nextChange(night, at('01:00'))).toBe(at('03:00'));
  expect(nextChange(night, at('06:00'))).toBe(Date.parse(night.until));
});

test('the config is asked anew in each window, once, and when the calendar is at its end', () => {
  expect(isOutdated(night, at('00:00'), at('00:30'))).toBe(false);
  expect(isOutdated(night, at('00:00'), at('01:00'))).toBe(true);
  expect(isOutdated(night, at('01:00'), at('02:00'))).toBe(false);
  expect(isOutdated(night, at('00:00'), Date.parse(night.until))).toBe(true);
});

test('a stretch that lasts to the end of what is known has no closing time', () => {
  const always: WindowCalendar = {
    timezone: 'UTC',
    open: [span('00:00', '23:00')],
    until: span('00:00', '23:00').to,
    graceSeconds: 0,
  };
  expect(closingTime(always, at('12:00'))).toBeUndefined();
  expect(secondsLeft(always, at('12:00'))).toBeUndefined();
  expect(secondsLeft(always, at('23:00'))).toBe(0);
});
