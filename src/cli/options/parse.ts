import { InvalidArgumentError, Option } from 'commander';
import { durationPattern, secondsOf } from '../../text/duration.js';

/** Commander's own words around it name the option and the value. */
export function wholeNumber(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

/** Parses a length of time: `90s`, `5m`. */
export function seconds(value: string): number {
  if (!durationPattern.test(value))
    throw new InvalidArgumentError('It must be a length of time such as 30s, 5m or 1h30m.');
  return secondsOf(value);
}

/** Parses a short length of time: `0.3s`, or seconds without a unit. */
export function shortTime(value: string): number {
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : seconds(value);
}

/** Parses a whole number from 1. */
export function wholeNumberFrom1(value: string): number {
  const number = wholeNumber(value);
  if (number < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return number;
}

/**
 * An option with known values, for the help and for completion. Commander doesn't check them: the client does, and
 * names everything that is wrong with an input at once.
 */
export function optionOf(flags: string, description: string, values: readonly string[]): Option {
  const option = new Option(flags, description);
  option.argChoices = [...values];
  return option;
}

/** A number between 0 and 1. The client's check says so when it is another. */
export function fraction(value: string): number {
  if (!/^-?\d*\.?\d+$/.test(value)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return Number(value);
}
