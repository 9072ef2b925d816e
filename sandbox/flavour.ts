import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `citus`: the real extension, installed on this machine. `stand-in`: a test double on npm's PostgreSQL binaries. */
export type Flavour = 'citus' | 'stand-in';
export const flavours: readonly Flavour[] = ['citus', 'stand-in'];

export interface FlavourChoice {
  flavour: Flavour;
  /** A sentence for people. */
  why: string;
}

/** Real Citus when this machine has it, else the stand-in. Throws when real Citus is wanted and not there. */
export function findFlavour(choice?: Flavour): FlavourChoice {
  const sharedir = pgConfig('--sharedir');
  const installed = sharedir !== undefined && existsSync(join(sharedir, 'extension', 'citus.control'));
  if (choice === 'citus' && !installed) {
    throw new Error(
      'Real Citus was asked for, but pg_config names no PostgreSQL that has the citus extension.',
    );
  }
  if (choice !== undefined) return { flavour: choice, why: `${describe(choice)}: it was asked for.` };
  return installed
    ? { flavour: 'citus', why: `${describe('citus')}: found in ${sharedir}.` }
    : { flavour: 'stand-in', why: `${describe('stand-in')}: no real Citus is installed here.` };
}

function describe(flavour: Flavour): string {
  return flavour === 'citus' ? 'Real Citus' : 'A stand-in for Citus (a test double on PostgreSQL 18)';
}

/** `PG_CONFIG` names another program than the one on PATH. */
export function pgConfig(option: '--sharedir' | '--bindir' | '--version'): string | undefined {
  try {
    const program = process.env['PG_CONFIG'] ?? 'pg_config';
    return execFileSync(program, [option], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
