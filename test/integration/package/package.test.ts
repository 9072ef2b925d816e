import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setStubStage, type StubStage } from '../cli/stub-stage.js';
import { installPackage, root, type InstalledPackage } from './installed-package.js';

let stage: StubStage;
let installed: InstalledPackage;
beforeAll(async () => {
  [stage, installed] = await Promise.all([setStubStage(), installPackage()]);
  // Compiling and installing 200 packages: 20 s on a quiet machine, minutes on a busy one.
}, 600_000);
afterAll(async () => {
  await stage.end();
  installed.remove();
});

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Not the blocking way: this process has the worker that answers. */
function inProject(program: string, ...args: string[]): Promise<Ran> {
  const { TEMPORAL_PROFILE: _, CITUS_SCALER_CONFIG: __, ...env } = process.env;
  const child = spawn(program, args, {
    cwd: installed.project,
    env: { ...env, TEMPORAL_ADDRESS: stage.address, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout, stderr })));
}

/** The service that the README shows. */
function readmeService(): string {
  const readme = readFileSync(join(installed.folder, 'README.md'), 'utf8');
  const [, code] = /```ts\n(import \{ ScalerClient \}[^]*?)```/.exec(readme) ?? [];
  if (code === undefined) throw new Error('README.md shows no service.');
  return code;
}

describe('the tarball', () => {
  test('holds the compiled code, the docs and nothing of the workshop', () => {
    const paths = installed.packed.files.map(({ path }) => path);
    const belongs =
      /^(package\.json|README\.md|LICENSE|config\.schema\.json|docs\/.+\.(md|svg)|dist\/src\/.+(\.js|\.d\.ts))$/;
    expect(paths.filter((path) => !belongs.test(path))).toEqual([]);
    const { bin, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
      exports: Record<string, string | Record<string, string>>;
    };
    const named = [bin, ...Object.values(exports)].flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    expect(paths).toEqual(expect.arrayContaining(named.map((path) => path.replace(/^\.\//, ''))));
  });

  test('names no folder of the machine that packed it', () => {
    const files = readdirSync(installed.folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(js|ts|json|md)$/.test(name),
    );
    expect(files.length).toBeGreaterThan(100);
    const folders = [root, installed.project, join(installed.project, '..', 'checkout')];
    for (const file of files) {
      const text = withMapRead(readFileSync(join(installed.folder, file), 'utf8'));
      expect({ file, names: folders.filter((folder) => text.includes(folder)) }).toEqual({ file, names: [] });
      const map = text.includes('sourceMappingURL=');
      expect({ file, map }).toEqual({ file, map: file.endsWith('workflow-bundle.js') });
    }
  });

  test('leaves a command that can be run where it was built', () => {
    const main = join(installed.project, '..', 'checkout', 'dist/src/cli/main.js');
    expect(statSync(main).mode & 0o111).toBe(0o111);
  });

  test('is small', () => {
    const { size, unpackedSize } = installed.packed;
    console.log(`packed ${size} bytes, unpacked ${unpackedSize} bytes`);
    expect(size).toBeLessThan(600_000);
    expect(unpackedSize).toBeLessThan(2_500_000);
  });
});

/** The map of the bundled workflows, which the worker wants inside, in words. */
function withMapRead(text: string): string {
  const map = /sourceMappingURL=data:[^,]*;base64,(.*)/.exec(text)?.[1];
  return map === undefined ? text : text + Buffer.from(map, 'base64').toString();
}

describe("a service's compiler", () => {
  const wrongInputs = `import { ScalerClient } from 'citus-scaler';
import type { OperationReport, ScaleOutInput } from 'citus-scaler/contract';
// @ts-expect-error no such field
export const unknownField: ScaleOutInput = { cluster: 'shop', ad: 2 };
// @ts-expect-error a text
export const wrongType: ScaleOutInput = { cluster: 'shop', add: '2' };
// @ts-expect-error none of the modes
export const wrongMode: ScaleOutInput = { cluster: 'shop', add: 2, transferMode: 'fast' };
// @ts-expect-error the cluster is needed
export const incomplete: ScaleOutInput = { add: 2 };
export async function follow(client: ScalerClient): Promise<OperationReport> {
  // @ts-expect-error no such option
  await client.scaleOut({ cluster: 'shop', add: 2 }, { Id: 'x' });
  // @ts-expect-error only a preflight has blockers
  (await client.inspect({ what: 'health', cluster: 'shop' })).blockers;
  const bytes: number = (await client.inspect({ what: 'health', cluster: 'shop' })).balance.skew;
  return (await client.scaleOut({ cluster: 'shop', add: bytes })).result();
}
`;

  /** Compiles the service and the wrong inputs into `out-<moduleResolution>`. */
  function compile(options: {
    module: string;
    moduleResolution: string;
    skipLibCheck: boolean;
  }): Promise<Ran> {
    writeFileSync(join(installed.project, 'service.ts'), readmeService());
    writeFileSync(join(installed.project, 'wrong-inputs.ts'), wrongInputs);
    const outDir = `out-${options.moduleResolution}`;
    const compilerOptions = { ...options, outDir, strict: true, target: 'es2022', types: ['node'] };
    const config = { compilerOptions, files: ['service.ts', 'wrong-inputs.ts'] };
    writeFileSync(join(installed.project, 'tsconfig.json'), JSON.stringify(config));
    return inProject(process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'));
  }

  test.each([
    { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true },
    { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true },
  ])('finds the types and refuses wrong inputs: $moduleResolution', async (options) => {
    expect(await compile(options)).toMatchObject({ stdout: '', stderr: '', status: 0 });
  });

  test('has nothing to say about the declarations themselves, but of those of Temporal', async () => {
    const options = { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false };
    const { stdout } = await compile(options);
    const errors = stdout.split('\n').filter((line) => /error TS\d+/.test(line));
    expect(errors.filter((line) => !line.startsWith('node_modules/@temporalio/'))).toEqual([]);
  });
});

test('a service follows an operation without loading the worker or its native part', async () => {
  const probe = `
const { createRequire } = await import('node:module');
const loaded = [...Object.keys(createRequire(import.meta.url).cache), ...process.report.getReport().sharedObjects];
console.log(JSON.stringify({ state: report.state, cluster: report.cluster, loaded }));
`;
  const compiled = readFileSync(join(installed.project, 'out-nodenext', 'service.js'), 'utf8');
  writeFileSync(join(installed.project, 'service.js'), compiled + probe);
  const ran = await inProject(process.execPath, 'service.js');
  expect(ran).toMatchObject({ stderr: '', status: 0 });
  const [last = ''] = ran.stdout.trim().split('\n').slice(-1);
  const { loaded, ...report } = JSON.parse(last) as { loaded: string[] };
  expect(report).toEqual({ state: 'done', cluster: 'shop' });
  expect(loaded.some((file) => file.includes('@temporalio/client'))).toBe(true);
  expect(loaded.filter((file) => /@temporalio\/(worker|core-bridge)|\.node$/.test(file))).toEqual([]);
});

describe('the command of the package', () => {
  const npx = (...args: string[]): Promise<Ran> => inProject('npx', '--no-install', 'citus-scaler', ...args);

  test('runs', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await npx('--version')).toMatchObject({ stdout: `${version}\n`, status: 0 });
    expect((await npx('--help')).stdout).toMatch(/^Usage: citus-scaler <command>/);
    const list = await npx('list', '--all', '--json');
    expect(list.status).toBe(0);
    expect(JSON.parse(list.stdout)).toMatchObject([{ type: 'scaleOut', cluster: 'shop', state: 'done' }]);
  });

  test('works without the optional packages too, except for the worker', async () => {
    await installed.install('--omit=optional');
    expect(existsSync(join(installed.project, 'node_modules', '@temporalio', 'core-bridge'))).toBe(false);
    expect(await npx('list', '--all')).toMatchObject({ status: 0 });
    expect(await inProject(process.execPath, 'service.js')).toMatchObject({ stderr: '', status: 0 });
    const worker = await npx('worker');
    expect(worker.status).toBe(2);
    expect(worker.stderr).toContain('--omit=optional');
  });
});
