import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findFlavour, flavours } from '../../../sandbox/flavour.js';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { query } from '../../../sandbox/postgres/query.js';
import { setRefusalStage, type RefusalStage } from './support.js';

let stage: RefusalStage;
/** Servers that can't become workers, by what is wrong with them. */
let bad: Record<'bare' | 'noDatabase' | 'otherPassword' | 'otherCitus', SandboxNode>;
/** A server of another PostgreSQL, on a machine that has both flavours. */
let otherFlavour: SandboxCluster | undefined;
/** Counts who connects. */
let stranger: { server: Server; port: number; visits: number };
beforeAll(async () => {
  stage = await setRefusalStage();
  [bad, otherFlavour, stranger] = await Promise.all([
    badServers(stage.cluster),
    clusterOfOtherFlavour(stage.cluster),
    listenToStrangers(),
  ]);
  await stage.remember();
});
afterEach(() => stage.expectUnchanged());
afterAll(async () => {
  stranger.server.close();
  await Promise.all([stage.end(), otherFlavour?.stop()]);
});

describe("a server that can't become a worker is refused before anything is changed", () => {
  test.each<[string, () => string, string, RegExp]>([
    ['the coordinator', () => stage.cluster.coordinator.address, 'new-node-is-new', /is the coordinator/],
    ['one that is not there', () => '127.0.0.1:1', 'new-node-reachable', /ECONNREFUSED/],
    [
      'one that is no PostgreSQL',
      () => `127.0.0.1:${stranger.port}`,
      'new-node-reachable',
      /(ECONNRESET|was lost)/,
    ],
    [
      'one without the extension',
      () => bad.bare.address,
      'new-node-extension',
      /no citus extension in the database app/,
    ],
    [
      'one without the database',
      () => bad.noDatabase.address,
      'new-node-reachable',
      /database "app" does not exist/,
    ],
    [
      'one with another password',
      () => bad.otherPassword.address,
      'new-node-reachable',
      /password authentication failed/,
    ],
    [
      'one with another Citus',
      () => bad.otherCitus.address,
      'new-node-versions',
      /Citus .*extension 11\.0-1.*; the coordinator/,
    ],
  ])('%s', async (_what, node, id, says) => {
    await stage.expectRefused(
      { cluster: 'demo', nodes: [node()] },
      id,
      new RegExp(`${node()}.*${says.source}`),
    );
  });

  test('one with another PostgreSQL', async ({ skip }) => {
    if (!otherFlavour) return skip('this machine has one PostgreSQL only');
    const { address } = otherFlavour.coordinator;
    await stage.expectRefused(
      { cluster: 'demo', nodes: [address] },
      'new-node-versions',
      new RegExp(`${address} has PostgreSQL .*; the coordinator PostgreSQL`),
    );
  });

  test('one that is not allowed is not even spoken to', async () => {
    const visits = stranger.visits;
    for (const node of [`localhost:${stranger.port}`, '10.255.255.1:5432']) {
      const asked = Date.now();
      await stage.expectRefused(
        { cluster: 'demo', nodes: [node] },
        'new-node-allowed',
        new RegExp(`${node} may not be connected to.*allowedNodes`),
      );
      expect(Date.now() - asked).toBeLessThan(8_000);
    }
    // The default allows the coordinator and what is registered, no more.
    await stage.expectRefused(
      { cluster: 'handmade', nodes: [`127.0.0.1:${stranger.port}`] },
      'new-node-allowed',
      /handmade/,
    );
    expect(stranger.visits).toBe(visits);
  });

  test('several are all named', async () => {
    const nodes = ['127.0.0.1:1', '10.255.255.1:5432', bad.bare.address];
    const failure = await stage.failureOf('scaleOut', { cluster: 'demo', nodes });
    expect(failure.message).toContain('(and 2 more)');
    for (const node of nodes) expect(failure.evidence.join('\n')).toContain(node);
  });
});

test('nothing is left running, and no password is told anywhere', () => stage.expectNothingLeft());

async function badServers(cluster: SandboxCluster): Promise<typeof bad> {
  const bare = await cluster.addNode({ extension: false });
  const noDatabase = await cluster.addNode();
  const otherPassword = await cluster.addNode();
  const otherCitus = await cluster.addNode();
  await query(
    { ...noDatabase.login, database: 'postgres' },
    `drop database ${cluster.database} with (force)`,
  );
  await otherPassword.query(`alter role ${cluster.user} password 'another'`);
  // Real Citus refuses to work with an extension that isn't its library's, unless told not to look.
  await otherCitus.query(`alter database ${cluster.database} set citus.enable_version_checks = off`);
  await otherCitus.query(`update pg_extension set extversion = '11.0-1' where extname = 'citus'`);
  return { bare, noDatabase, otherPassword, otherCitus };
}

/** The other flavour runs on another PostgreSQL; it gets the cluster's password, so that only the version is wrong. */
async function clusterOfOtherFlavour({
  flavour,
  user,
  password,
}: SandboxCluster): Promise<SandboxCluster | undefined> {
  const other = flavours.find((each) => each !== flavour);
  try {
    findFlavour(other);
  } catch {
    return undefined;
  }
  const cluster = await startCluster({ workers: 0, flavour: other });
  await cluster.query(`alter role ${user} password '${password}'`);
  return cluster;
}

/** A server that hangs up on everyone. */
async function listenToStrangers(): Promise<typeof stranger> {
  const server = createServer((socket) => {
    stranger.visits += 1;
    socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0, visits: 0 };
}
