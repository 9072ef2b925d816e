import { parseArgs, type ParseArgsConfig } from 'node:util';
import { findFlavour, flavours, type Flavour, type FlavourChoice } from '../flavour.js';

/** Options of `parseArgs` that both programs have. */
const common = { flavour: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

/** The usage lines of both programs' common options. */
export const commonUsage = `  --flavour citus|stand-in   real Citus, or the test double; default: what
                             SANDBOX_FLAVOUR says, else real Citus where this machine has it
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

/** The flavour that the command line names, else SANDBOX_FLAVOUR; a name that there isn't is a mistake like others. */
export function flavourOf(usage: string, name: string | undefined): FlavourChoice {
  try {
    if (name !== undefined) return findFlavour(flavourNamed('--flavour', name));
    const { SANDBOX_FLAVOUR: wanted = '' } = process.env;
    return findFlavour(wanted === '' ? undefined : flavourNamed('SANDBOX_FLAVOUR', wanted));
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}

function flavourNamed(setting: string, name: string): Flavour {
  const flavour = flavours.find((each) => each === name);
  if (flavour === undefined) throw new Error(`${setting} may be ${flavours.join(' or ')}, not ${name}`);
  return flavour;
}

/** Tells a mistake with the usage, and ends the program. */
export function refuse(usage: string, message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function leave(usage: string): never {
  console.log(usage);
  process.exit(0);
}
