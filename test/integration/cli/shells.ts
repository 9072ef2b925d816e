import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { completionScripts, type Shell } from '../../../src/cli/completion/scripts.js';

/** A folder with `citus-scaler` on the PATH and the completion scripts in it. */
export interface ShellPlace {
  folder: string;
  /** To run programs there by other means. */
  env: NodeJS.ProcessEnv;
  open: (shell: Shell) => Promise<OpenShell>;
  remove: () => void;
}

export interface OpenShell {
  /** Types a line, presses TAB, and returns what is there once `wanted` is, or after a while. */
  tab: (line: string, wanted: string) => Promise<string>;
  close: () => Promise<void>;
}

/** Fish tells by itself what it would offer; the others need a terminal, which `script` makes. */
export function canComplete(shell: Shell): boolean {
  const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return has(shell) && (shell === 'fish' || has('script'));
}

export function makeShellPlace(main: string, address: string): ShellPlace {
  const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-shells-'));
  const program = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
  writeFileSync(join(folder, 'citus-scaler'), program, { mode: 0o755 });
  for (const [shell, script] of Object.entries(completionScripts)) {
    writeFileSync(join(folder, `completion.${shell}`), script);
  }
  const env = {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
    TEMPORAL_ADDRESS: address,
    TERM: 'dumb',
    HOME: folder,
  };
  return {
    folder,
    env,
    open: (shell) => (shell === 'fish' ? openFish(folder, env) : openTerminal(shell, folder, env)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openFish(cwd: string, env: NodeJS.ProcessEnv): Promise<OpenShell> {
  const tab = async (line: string): Promise<string> => {
    const program = 'source completion.fish; complete -C $argv[1]';
    const child = spawn('fish', ['--no-config', '-c', program, line], { cwd, env });
    let said = '';
    child.stdout.on('data', (data: Buffer) => (said += data.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    return said;
  };
  return Promise.resolve({ tab, close: () => Promise.resolve() });
}

const interactive = {
  bash: ['bash --norc --noprofile -i', 'source completion.bash'],
  zsh: ['zsh -f -i', 'autoload -U compinit; compinit -u -D; source completion.zsh'],
} as const;

const killLine = '\u0015';

async function openTerminal(shell: 'bash' | 'zsh', cwd: string, env: NodeJS.ProcessEnv): Promise<OpenShell> {
  const [program, prepare] = interactive[shell];
  const child = spawn('script', ['-qfec', program, '/dev/null'], { cwd, env });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  const saying = async (wanted: string): Promise<string> => {
    for (let waited = 0; !said.includes(wanted) && waited < 20_000; waited += 50) await sleep(50);
    return said;
  };
  child.stdin.write(`${prepare}; echo re''ady\n`);
  await saying('\nready');
  return {
    tab: async (line, wanted) => {
      child.stdin.write(killLine);
      await sleep(200);
      said = '';
      child.stdin.write(`${line}\t`);
      return saying(wanted);
    },
    close: async () => {
      child.stdin.write(`${killLine}exit\n`);
      await closed;
    },
  };
}
