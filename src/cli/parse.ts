import { InvalidArgumentError } from 'commander';

/** Commander's own words around it name the option and the value. */
export function wholeNumber(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}
