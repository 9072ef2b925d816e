import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { combinations } from '../../scripts/combinations.mjs';

const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-combinations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An installation: its pg_config, and Citus's control file if it has Citus. */
function installation(name: string, postgres: string, citus?: string): string {
  const share = join(folder, name);
  mkdirSync(join(share, 'extension'), { recursive: true });
  if (citus !== undefined)
    writeFileSync(
      join(share, 'extension', 'citus.control'),
      `# Citus extension\ndefault_version = '${citus}'\n`,
    );
  const program = join(share, 'pg_config');
  writeFileSync(
    program,
    `#!/bin/sh\ncase $1 in --version) echo 'PostgreSQL ${postgres}';; *) echo '${share}';; esac\n`,
  );
  chmodSync(program, 0o755);
  return program;
}

describe('npm test', () => {
  test('runs once against what is found, when no installations are named', () => {
    expect(combinations({})).toEqual([{ env: {} }]);
    expect(combinations({ PG_CONFIGS: '' })).toEqual([{ env: {} }]);
  });

  test('runs against each real Citus that is named, and says which', () => {
    const old = installation('old', '15.20 (Debian 15.20-0+deb12u1)', '12.1-1');
    const recent = installation('recent', '17.12', '14.0-1');
    expect(combinations({ PG_CONFIGS: `${old}:${recent}` })).toEqual([
      { name: 'PostgreSQL 15.20, Citus 12.1-1', env: { PG_CONFIG: old, SANDBOX_FLAVOUR: 'citus' } },
      { name: 'PostgreSQL 17.12, Citus 14.0-1', env: { PG_CONFIG: recent, SANDBOX_FLAVOUR: 'citus' } },
    ]);
  });

  test('refuses an installation without Citus, or that can’t be asked, instead of testing something else', () => {
    const plain = installation('plain', '17.12');
    expect(() => combinations({ PG_CONFIGS: plain })).toThrow(`${plain} has no Citus`);
    expect(() => combinations({ PG_CONFIGS: join(folder, 'nothing') })).toThrow("can't be run");
    expect(() => combinations({ PG_CONFIGS: plain, SANDBOX_FLAVOUR: 'stand-in' })).toThrow('stand-in');
  });
});
