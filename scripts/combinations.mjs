import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A run of the tests: what it is called, and the environment that makes the sandbox use that installation.
 * @typedef {{ name?: string, env: Record<string, string> }} Combination
 */

/**
 * The runs of the tests: one against what is found, or one against each real Citus that `PG_CONFIGS` names, like PATH.
 * @param {Record<string, string | undefined>} env
 * @returns {Combination[]}
 */
export function combinations(env) {
  const programs = (env['PG_CONFIGS'] ?? '').split(delimiter).filter((program) => program !== '');
  if (programs.length === 0) return [{ env: {} }];
  if (env['SANDBOX_FLAVOUR'] === 'stand-in')
    throw new Error(
      'PG_CONFIGS names installations of real Citus, and SANDBOX_FLAVOUR asks for the stand-in.',
    );
  return programs.map((program) => ({
    name: nameOf(program),
    // What concerns the stand-in alone isn't run again for each.
    env: { PG_CONFIG: program, SANDBOX_FLAVOUR: 'citus' },
  }));
}

/** `PostgreSQL 17.12, Citus 14.0-1`: a pg_config without Citus would test the stand-in, and nobody would see. @param {string} program */
function nameOf(program) {
  const { version, sharedir } = askProgram(program);
  const file = join(sharedir, 'extension', 'citus.control');
  const control = readIfThere(file);
  if (control === undefined) throw new Error(`PG_CONFIGS: ${program} has no Citus: there is no ${file}.`);
  const citus = /^default_version\s*=\s*'([^']+)'/m.exec(control)?.[1] ?? 'of unknown version';
  return `${version.replace(/ \(.*\)$/, '')}, Citus ${citus}`;
}

/** @param {string} program */
function askProgram(program) {
  try {
    /** @param {string} option */
    const ask = (option) => execFileSync(program, [option], { encoding: 'utf8' }).trim();
    return { version: ask('--version'), sharedir: ask('--sharedir') };
  } catch (error) {
    throw new Error(
      `PG_CONFIGS: ${program} can't be run (${error instanceof Error ? error.message : error}).`,
    );
  }
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
