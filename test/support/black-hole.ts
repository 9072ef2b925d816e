import { spawnSync } from 'node:child_process';
import { onExit } from '../../sandbox/os/on-exit.js';

/** A server that nothing gets through to any more, and nothing from: no refusal, no reset, also for sessions that are open. */
export interface BlackHole {
  /** Everything gets through again. */
  open: () => void;
}

const rulesOf = (port: number): string[][] => [
  ['INPUT', '-i', 'lo', '-p', 'tcp', '--dport', `${port}`, '-j', 'DROP'],
  ['INPUT', '-i', 'lo', '-p', 'tcp', '--sport', `${port}`, '-j', 'DROP'],
];

/** Why no packets can be dropped here; undefined: they can. */
export function whyNoBlackHole(): string | undefined {
  const { status, error, stderr } = spawnSync('iptables', ['-w', '-S', 'INPUT'], { encoding: 'utf8' });
  if (error) return 'there is no iptables';
  return status === 0 ? undefined : `iptables: ${stderr.trim()}`;
}

/** Drops all packets to and from a port of this machine, until it is opened, or this process ends. */
export function swallow(port: number): BlackHole {
  const rules = rulesOf(port);
  const change = (how: '-I' | '-D'): void => {
    for (const rule of rules) {
      const { status, stderr } = spawnSync('iptables', ['-w', how, ...rule], { encoding: 'utf8' });
      if (status !== 0 && how === '-I') throw new Error(`iptables: ${stderr}`);
    }
  };
  const forget = onExit(() => change('-D'));
  change('-I');
  return {
    open: () => {
      forget();
      change('-D');
    },
  };
}
