import { parseArgs, type ParseArgsConfig } from 'node:util';
import { findFlavour, flavours, type Flavour, type FlavourChoice } from '../flavour.js';

/** Options of `parseArgs` that both programs have. */
const common = { flavour: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

/** What both say of them. */
export const commonUsage = `  --flavour citus|stand-in   real Citus, or the test double; default: real Citus where this machine has it
  --help                     this text`;

/** The arguments of a program; a mistake is told with the usage, and ends it as `--help` does. */
export function argumentsOf<Options extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  options: Options,
  allowPositionals = false,
) {
  try {
    const parsed = parseArgs({ options: { ...options, ...common }, allowPositionals });
    if ('help' in parsed.values && parsed.values.help === true) return leave(usage);
    return parsed;
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}

/** @throws never: a flavour that there isn't is a mistake like others */
export function flavourOf(usage: string, name: string | undefined): FlavourChoice {
  try {
    return findFlavour(flavourNamed(name));
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}

function flavourNamed(name: string | undefined): Flavour | undefined {
  const flavour = flavours.find((each) => each === name);
  if (name !== undefined && flavour === undefined)
    throw new Error(`--flavour may be ${flavours.join(' or ')}`);
  return flavour;
}

export function refuse(usage: string, message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function leave(usage: string): never {
  console.log(usage);
  process.exit(0);
}
