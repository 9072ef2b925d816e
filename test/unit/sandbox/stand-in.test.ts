import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { standInScript, writeStandIn } from '../../../sandbox/stand-in/extension.js';

describe('the stand-in', () => {
  it('is written where extension_control_path finds it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-test-'));
    writeStandIn(folder);
    expect(readdirSync(join(folder, 'extension')).sort()).toEqual(['citus--13.2-1.sql', 'citus.control']);
    expect(readFileSync(join(folder, 'extension', 'citus.control'), 'utf8')).toContain(
      `default_version = '13.2-1'`,
    );
    rmSync(folder, { recursive: true });
  });

  it('says what it is', () => {
    expect(standInScript()).toContain('stand-in (a test double, not Citus)');
  });
});
