import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The package as npm publishes it, and a project elsewhere that installed it. */
export interface InstalledPackage {
  /** What `npm pack` says of the tarball. */
  packed: Packed;
  /** The project's folder. */
  project: string;
  /** The package's folder in it. */
  folder: string;
  /** Installs again; `npm install` takes away what the options leave out. */
  install: (...options: string[]) => Promise<void>;
  remove: () => void;
}

interface Packed {
  size: number;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

interface Manifest {
  name: string;
  version: string;
  [field: string]: unknown;
}

/** Packs a copy of the checkout, so that a `dist/` that somebody runs from is left alone, and installs it elsewhere. */
export async function installPackage(): Promise<InstalledPackage> {
  const place = mkdtempSync(join(tmpdir(), 'citus-scaler-package-'));
  const { packed, tarball } = await pack(join(place, 'checkout'));
  const project = join(place, 'project');
  mkdirSync(project);
  writeProject(project, tarball);
  const install = async (...options: string[]): Promise<void> => {
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', '--prefer-offline', '--ignore-scripts', ...quiet, ...options], {
      cwd: project,
    });
  };
  await install();
  return {
    packed,
    project,
    folder: join(project, 'node_modules', 'citus-scaler'),
    install,
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

async function pack(copy: string): Promise<{ packed: Packed; tarball: string }> {
  const left = new Set(['node_modules', 'dist', '.git']);
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(relative(root, path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--loglevel=error'], { cwd: copy });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as (Packed & { filename: string })[];
  if (packed === undefined) throw new Error(`npm pack said: ${stdout}`);
  return { packed, tarball: join(copy, packed.filename) };
}

/**
 * A project that depends on the tarball, with this checkout's lock: the versions are those that are tested here, and
 * npm finds them in its cache instead of asking a registry.
 */
function writeProject(project: string, tarball: string): void {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const file = `file:../checkout/${basename(tarball)}`;
  const needed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const { version, dependencies, optionalDependencies, bin, engines } = own;
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  const manifest = { name: 'service', private: true, type: 'module', dependencies: { [own.name]: file } };
  writeJson(join(project, 'package.json'), manifest);
  writeJson(join(project, 'package-lock.json'), {
    name: manifest.name,
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: manifest.name, dependencies: manifest.dependencies },
      ...Object.fromEntries(needed),
      [`node_modules/${own.name}`]: {
        ...{ version, resolved: file, integrity, dependencies, optionalDependencies, bin, engines },
      },
    },
  });
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value, undefined, 2));
}
