import { execa, ExecaError } from 'execa';
import { z } from 'zod';
import type { CommandProvisioner } from '../config/index.js';
import { hostName as host } from '../contract/schema/fields.js';
import { addressOf, formatAddress } from '../text/address.js';
import { does, type Remedy } from '../contract/index.js';
import { needsPerson } from '../failures.js';
import { redact } from '../text/redact.js';
import type { Machine, Provisioner } from './provisioner.js';

const port = z.int().min(1).max(65_535);
const startAnswer = z.object({ host, port });
const listAnswer = z.object({
  machines: z.array(z.object({ host, port, key: z.string().optional(), running: z.boolean().default(true) })),
});

const timeoutMs = 25 * 60_000;

/**
 * Machines that programs of the user start and stop: never a shell line, one JSON request on standard input, one
 * JSON answer on standard output. docs/configuration.md has the protocol.
 */
export function commandProvisioner(cluster: string, { start, stop, list }: CommandProvisioner): Provisioner {
  return {
    start: async (key, signal, standbyOf) => {
      const request = { action: 'start', cluster, key, ...(standbyOf !== undefined && { standbyOf }) };
      const answer = await ask(start, request, startAnswer, signal);
      return formatAddress(answer);
    },
    stop: async (node, key, signal) => {
      const request = { action: 'stop', cluster, ...addressOf(node), key };
      await ask(stop, request, z.unknown(), signal, stopYourself);
    },
    list: async (signal) => {
      const { machines } = await ask(list, { action: 'list', cluster }, listAnswer, signal);
      return machines.map((machine): Machine => {
        const node = formatAddress(machine);
        return machine.key === undefined
          ? { node, running: machine.running }
          : { node, running: machine.running, key: machine.key };
      });
    },
  };
}

async function ask<T>(
  command: string[],
  request: object,
  answer: z.ZodType<T>,
  signal: AbortSignal,
  otherwise = does('cancel', 'or cancel'),
): Promise<T> {
  const [program = '', ...args] = command;
  const { stdout } = await run(program, args, request, signal, otherwise);
  let json: unknown;
  try {
    json = stdout.trim() === '' ? {} : JSON.parse(stdout);
  } catch {
    throw failureOf(program, `its answer isn't JSON: ${stdout.slice(0, 200)}`, otherwise);
  }
  const result = answer.safeParse(json);
  if (result.success) return result.data;
  throw failureOf(
    program,
    `its answer isn't right: ${result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    otherwise,
  );
}

async function run(
  program: string,
  args: string[],
  request: object,
  signal: AbortSignal,
  otherwise: Remedy,
): Promise<{ stdout: string }> {
  try {
    return await execa(program, args, {
      input: `${JSON.stringify(request)}\n`,
      cancelSignal: signal,
      forceKillAfterDelay: 10_000,
      maxBuffer: 1_000_000,
      timeout: timeoutMs,
    });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    // execa's own error would count as failed, not as cancelled.
    if (error.isCanceled && error.cause instanceof Error) throw error.cause;
    const { stderr }: { stderr?: unknown } = error;
    const lastLines = (typeof stderr === 'string' ? stderr : '')
      .trim()
      .split('\n')
      .slice(-5)
      .join('\n')
      .slice(0, 1_000);
    throw failureOf(
      program,
      error.exitCode === undefined ? error.originalMessage : `exit code ${error.exitCode}: ${lastLines}`,
      otherwise,
    );
  }
}

/** @param otherwise what a person can do besides repairing it */
function failureOf(program: string, evidence: string, otherwise: Remedy): Error {
  return needsPerson(`the provisioner ${program} failed`, {
    evidence: [redact(evidence)],
    remedies: [does('retry', 'repair what it says, then retry: the same key is used again'), otherwise],
  });
}

/** The second remedy when a machine can't be stopped: nobody can cancel any more by then. */
const stopYourself = does('giveUp', 'or give up: it goes on running, stop it yourself');
