import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { userCache } from '../os/places.js';

const version = 'v1.5.1';

/**
 * The Temporal CLI, whose dev server is a real server with UI: from PATH, from our cache, or installed into it with
 * Go once. Throws with what to do where none of that works.
 */
export async function findTemporal(): Promise<string> {
  if (await answers('temporal')) return 'temporal';
  const bin = join(userCache(), 'bin');
  const cached = join(bin, 'temporal');
  if (existsSync(cached)) return cached;
  mkdirSync(bin, { recursive: true });
  if (await download(bin, cached)) return cached;
  if (!(await answers('go', ['version']))) throw new Error(missing);
  console.error(`Installing the Temporal CLI ${version} with Go; this takes about four minutes, once.`);
  await execa('go', ['install', `github.com/temporalio/cli/cmd/temporal@${version}`], {
    env: { GOBIN: bin },
    stdio: ['ignore', 2, 2],
  });
  return cached;
}

const missing = [
  'There is no Temporal CLI on PATH, it can’t be downloaded, and there is no Go to build it with.',
  'Install it (https://docs.temporal.io/cli) so that `temporal` is on PATH, and start again.',
].join('\n');

/** The published build, where the machine reaches it. */
async function download(bin: string, cached: string): Promise<boolean> {
  const platform = process.platform === 'darwin' ? 'darwin' : 'linux';
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const half = mkdtempSync(join(bin, 'download-'));
  try {
    const response = await fetch(
      `https://temporal.download/cli/archive/${version}?platform=${platform}&arch=${arch}`,
      { signal: AbortSignal.timeout(20_000) },
    );
    if (!response.ok) return false;
    await execa('tar', ['-xz', '-C', half, 'temporal'], {
      input: new Uint8Array(await response.arrayBuffer()),
    });
    if (!(await answers(join(half, 'temporal')))) return false;
    // Under its name only when it is whole: what has that name is used without asking.
    renameSync(join(half, 'temporal'), cached);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

async function answers(program: string, args = ['--version']): Promise<boolean> {
  try {
    await execa(program, args, { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
