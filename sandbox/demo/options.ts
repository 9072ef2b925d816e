import { parseArgs } from 'node:util';
import { flavours, type Flavour } from '../flavour.js';

export interface DemoOptions {
  /** Leave everything up at the end. */
  keep: boolean;
  flavour: Flavour | undefined;
}

export function demoOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({ args, options: { keep: { type: 'boolean' }, flavour: { type: 'string' } } });
  const flavour = flavours.find((each) => each === values.flavour);
  if (values.flavour !== undefined && flavour === undefined) {
    throw new Error(`--flavour may be ${flavours.join(' or ')}`);
  }
  return { keep: values.keep === true, flavour };
}
