import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { openCluster } from '../../../sandbox/cluster/cluster.js';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { isOperationType, type FailureDetails } from '../../../src/contract/index.js';
import { clusterName } from '../../../src/contract/schema/fields.js';
import { buildCli } from '../../integration/cli/built-cli.js';
import { startCli, type Ran } from '../../integration/cli/run-cli.js';
import { histories } from '../../support/histories.js';
import { setStage, type Stage } from '../../support/stage.js';

/** None of these may ever show, nor the cluster's own password. */
export const secrets = { wrong: 'not-the-password-of-anything', literal: 'written-into-the-config' };

/** Nobody listens there; and a name that no resolver knows. A coordinator there is waited for, for a minute. */
export const silent = { unreachable: '127.0.0.1:1', 'unknown-host': 'nowhere.invalid:5432' };

/** A refusal, as any Temporal client sees it. */
export interface Refusal extends FailureDetails {
  type: string | null | undefined;
  message: string;
}

/** A stage for what is refused: a config of clusters that are named rightly and can't be used, and nothing that changes. */
export interface RefusalStage extends Stage {
  /** Starts a workflow as any Temporal client would and waits for its failure. */
  failureOf: (type: string, input: unknown) => Promise<Refusal>;
  begin: (type: string, workflowId: string, input: unknown) => Promise<void>;
  endOf: (id: string) => Promise<Refusal>;
  expectInvalid: (type: string, input: unknown, field: string, says: RegExp) => Promise<Refusal>;
  expectRefused: (
    input: { cluster: string; add?: number; nodes?: string[] },
    id: string,
    says: RegExp,
  ) => Promise<void>;
  cli: (...args: string[]) => Promise<Ran>;
  /** From now on nothing may change: nodes, placements, machines. */
  remember: () => Promise<void>;
  expectUnchanged: () => Promise<void>;
  /** Nothing runs any more, and no password is in any history, log, report or answer; what was seen is. */
  expectNothingLeft: (...seen: string[]) => Promise<void>;
}

export async function setRefusalStage(): Promise<RefusalStage> {
  const stage = await setStage();
  writeClusters(stage);
  await stage.restartWorker();
  const { client, cluster } = stage;
  const ended: Ran[] = [];
  let built: ReturnType<typeof buildCli> | undefined;
  let started = 0;
  let before: unknown;

  const begin = async (type: string, workflowId: string, input: unknown): Promise<void> => {
    const args = input === undefined ? [] : [withApproval(type, input)];
    await client.workflow.start(type, { taskQueue: 'citus-scaler', workflowId, args });
  };
  const endOf = async (id: string): Promise<Refusal> => {
    try {
      await client.workflow.getHandle(id).result();
    } catch (error) {
      const cause = error instanceof WorkflowFailedError ? error.cause : error;
      if (!(cause instanceof ApplicationFailure)) throw error;
      const details = cause.details?.[0] as FailureDetails;
      return { ...details, type: cause.type, message: cause.message };
    }
    throw new Error(`${id} was not refused`);
  };
  const failureOf = async (type: string, input: unknown): Promise<Refusal> => {
    started += 1;
    const id = `bad/${type}/${started}`;
    await begin(type, id, input);
    return endOf(id);
  };
  return {
    ...stage,
    begin,
    endOf,
    failureOf,
    expectInvalid: async (type, input, field, says) => {
      const failure = await failureOf(type, input);
      expect(failure.type).toBe('InvalidInput');
      expect(failure.message).toMatch(new RegExp(`\\b${field}\\b`));
      expect([failure.message, ...failure.evidence].join('\n')).toMatch(says);
      expect(failure.remedies).not.toEqual([]);
      expect(failure.cluster).toBe(clusterOf(input));
      return failure;
    },
    expectRefused: async (input, id, says) => {
      const failure = await failureOf('scaleOut', input);
      expect(failure).toMatchObject({ type: 'PreflightRefused', cluster: input.cluster });
      expect(failure.message).toContain(`${input.cluster} isn't ready: ${id}: `);
      expect(failure.message).toMatch(says);
      expect(failure.remedies).not.toEqual([]);
    },
    cli: async (...args) => {
      built ??= buildCli();
      const ran = await startCli(built.main, stage.temporal.address, args).done;
      ended.push(ran);
      return ran;
    },
    remember: async () => {
      before = await stateOf(cluster);
    },
    expectUnchanged: async () => {
      expect(await stateOf(cluster)).toEqual(before);
    },
    expectNothingLeft: (...seen) => expectNothingLeft(stage, ended, seen),
    end: async () => {
      built?.remove();
      await stage.end();
    },
  };
}

/** The cluster that an input names, which every refusal of it names too. */
function clusterOf(input: unknown): string | undefined {
  const given = typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return clusterName.safeParse(given).data;
}

/** So that an input which is taken by mistake does its damage, and is noticed. */
function withApproval(type: string, input: unknown): unknown {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isOperationType(type) && isObject ? { approval: 'auto', ...input } : input;
}

async function expectNothingLeft(
  { client, cluster, folder }: Stage,
  ended: Ran[],
  seen: string[],
): Promise<void> {
  // The server's list of workflows comes a moment after their ends.
  const running = async (): Promise<string[]> => {
    const ids: string[] = [];
    const list = client.workflow.list({ query: `ExecutionStatus = 'Running'` });
    for await (const { workflowId } of list) ids.push(workflowId);
    return ids;
  };
  await expect.poll(running, { timeout: 10_000 }).toEqual([]);

  // Where no input was ever accepted, there is no report.
  const files = [folder, join(folder, 'reports')].filter(existsSync).flatMap((each) =>
    readdirSync(each)
      .filter((name) => /\.(log|json)$/.test(name))
      .map((name) => join(each, name)),
  );
  const places = await histories(client);
  for (const file of files) places.set(file, readFileSync(file, 'utf8'));
  ended.forEach(({ stdout, stderr }, index) => places.set(`command ${index}`, stdout + stderr));
  expect(places.size).toBeGreaterThan(5);
  // It is looked for in what can be read: failures, decoded payloads and logs.
  const all = [...places.values()].join('\n');
  for (const known of ['"approval":"auto"', 'worker ready', ...seen]) expect(all).toContain(known);

  const hidden = [cluster.password, ...Object.values(secrets)];
  for (const [place, text] of places) {
    const found = hidden.filter(
      (secret) =>
        text.includes(secret) || text.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')),
    );
    expect(found, place).toEqual([]);
  }
}

/** Nodes, placements and machines: what no refused operation may touch. */
async function stateOf(cluster: SandboxCluster): Promise<unknown> {
  const [catalog] = await cluster.query(
    `select (select json_agg(n order by nodeid) from pg_dist_node n) as nodes,
            (select json_agg(p order by placementid) from pg_dist_placement p) as placements`,
  );
  return { ...catalog, machines: openCluster(cluster.folder).workers.map(({ name }) => name) };
}

/** Adds clusters to the config that are named rightly and can't be used. Two names for one database are not allowed. */
function writeClusters({ configFile, cluster, folder }: Stage): void {
  const config = parse(readFileSync(configFile, 'utf8')) as {
    clusters: Record<string, { coordinator: object; samples?: boolean }>;
  };
  const { coordinator } = config.clusters['demo'] ?? { coordinator: {} };
  const wrongPassword = join(folder, 'wrong-password');
  writeFileSync(wrongPassword, secrets.wrong);
  const [first, second] = cluster.workers.map(({ port }) => port);
  const add = (name: string, change: object, others: object = {}): void => {
    config.clusters[name] = { coordinator: { ...coordinator, ...change }, samples: false, ...others };
  };
  add('handmade', { host: 'localhost' });
  add('wrong-password', { port: first, passwordFile: wrongPassword });
  add('wrong-database', { database: 'nowhere' });
  add('no-secret', { database: 'app1', passwordFile: undefined, passwordEnv: 'NOBODY_SET_THIS' });
  add('no-secret-file', { database: 'app2', passwordFile: 'no-such-file' });
  add('a-worker', { port: second });
  add('no-citus', { database: 'postgres' });
  for (const [name, address] of Object.entries(silent)) {
    const [host, port] = address.split(':');
    add(name, { host, port: Number(port) });
  }
  writeFileSync(configFile, stringify(config));
}
