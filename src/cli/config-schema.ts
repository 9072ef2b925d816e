import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/**
 * The path of the package's JSON Schema of the config, as seen from the config's folder, when the package is installed
 * in a project that the folder belongs to. Any other path would be one of this machine alone.
 */
export function schemaPathFrom(folder: string): string | undefined {
  for (let above = folder; ; above = dirname(above)) {
    const file = join(above, 'node_modules', 'citus-scaler', 'config.schema.json');
    if (existsSync(file)) return relativePath(folder, file);
    if (dirname(above) === above) return undefined;
  }
}

function relativePath(folder: string, file: string): string {
  const path = relative(folder, file).split(sep).join('/');
  return path.startsWith('.') ? path : `./${path}`;
}
