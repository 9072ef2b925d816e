import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Version under which the stand-in is installed, which is the one it imitates. */
const version = '13.2-1';

const sqlFolder = join(dirname(fileURLToPath(import.meta.url)), 'sql');

/** The extension's script: the files of `sql/` in the order of their names. */
export function standInScript(): string {
  const files = readdirSync(sqlFolder).filter((name) => name.endsWith('.sql'));
  return files
    .sort()
    .map((name) => readFileSync(join(sqlFolder, name), 'utf8'))
    .join('\n');
}

/** Writes the extension where `extension_control_path` finds it: `<folder>/extension`. */
export function writeStandIn(folder: string): void {
  const extension = join(folder, 'extension');
  mkdirSync(extension);
  writeFileSync(join(extension, `citus--${version}.sql`), standInScript());
  const control = [
    `comment = 'A stand-in for Citus: a test double'`,
    `default_version = '${version}'`,
    // Real Citus is not relocatable either, and needs a superuser.
    'relocatable = false',
    'superuser = true',
  ];
  writeFileSync(join(extension, 'citus.control'), `${control.join('\n')}\n`);
}
