import { readUnlogged, type SuccessorFacts } from '../../../citus/lost/successor.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import type { Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import { does, type Check } from '../../../contract/index.js';
import type { OperationRequest } from '../../../contract/internal/request.js';
import type { NodeSample } from '../../../contract/internal/sample.js';
import { startAgain } from '../../../contract/internal/start-again.js';
import { stopProgram } from '../../../machines/provisioner-of.js';
import { currencyText, isBehind } from '../../../planning/successor.js';
import { secondsOf } from '../../../text/duration.js';
import { failed, listOf, passed, warning } from '../../preflight/check.js';

/** How long ago a standby may have heard of the dead worker, where the request doesn't say it. */
const usualLag = '10m';

type Request = OperationRequest<'emergencyRemoveWorker'>;

/** Whether a standby may lack what the dead worker wrote last. */
export function lagCheck(request: Request, dead: string, node: string, facts: SuccessorFacts): Check {
  const evidence = `${node}: ${currencyText(dead, facts)}`;
  if (!isBehind(facts, lagOf(request))) return passed('standby-lag', evidence);
  const { heardSecondsAgo: ago } = facts;
  const wider =
    ago === null
      ? { acceptChecks: [...(request.input.acceptChecks ?? []), 'standby-lag'], reason: 'nothing is missing' }
      : { maxStandbyLag: `${Math.ceil(ago / 3_600) + 1}h` };
  return failed(
    'standby-lag',
    `${evidence}. What ${dead} wrote after that is not on it`,
    startAgain(
      request,
      `see when ${dead} died. If it wrote nothing in between, or if you can do without that, go on all the same`,
      wider,
    ),
  );
}

/** Seconds ago that a standby may have heard of the dead worker last. */
export function lagOf({ input }: Request): number {
  return secondsOf(input.maxStandbyLag ?? usualLag);
}

/** The tables that no standby and no base backup has. */
export async function unloggedCheck(db: Db, dead: readonly ClusterNode[], server: string): Promise<Check[]> {
  const tables = (await Promise.all(dead.map(({ groupId }) => readUnlogged(db, groupId)))).flat();
  if (tables.length === 0) return [];
  return [
    failed(
      'unlogged-on-standby',
      `unlogged tables are empty on every standby, and in base backups: what the dead worker had of them is lost: ${listOf(tables)}`,
      `fill them again once ${server} is in its place`,
    ),
  ];
}

/** What becomes of the dead worker's machine: one that comes back with its old metadata writes into the cluster. */
export function machineCheck(cluster: ClusterConfig, dead: string): Check {
  const program = stopProgram(cluster);
  return passed(
    'machine',
    program === undefined
      ? `no program of the config can stop the machine of ${dead}: see to it that it stays off, for two servers would write one part of the data`
      : `the machine of ${dead} is stopped first, by ${program}, if that knows it`,
  );
}

/** A copy has its primary's settings, too: those by which that waited for the copy. */
export function synchronousCheck(node: string, { synchronousStandbys }: SuccessorFacts): Check[] {
  if (synchronousStandbys === '') return [];
  return [
    failed(
      'synchronous-standbys',
      `${node} has synchronous_standby_names = '${synchronousStandbys}': once it takes writes, each commit waits for a standby that isn't there`,
      `on ${node}: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf(); then ask again`,
    ),
  ];
}

/** Patroni promotes a standby by itself, and where it knows Citus it points the cluster at it: two who do that get in each other's way. */
export function patroniCheck(
  request: Request,
  dead: string,
  node: string,
  { patroni, inRecovery }: SuccessorFacts,
): Check[] {
  if (patroni === null) return [];
  const evidence = `Patroni runs ${node}: ${patroni}`;
  const look = 'see what Patroni makes of it (patronictl list)';
  return [
    inRecovery
      ? failed(
          'patroni-failover',
          `${evidence}. It replaces ${dead} by itself, mostly within a minute`,
          startAgain(
            request,
            `wait for that. If it doesn't come, ${look}, pause it (patronictl pause), accept this check with a reason, and ask again`,
            { waitForReturn: '5m' },
          ),
        )
      : warning(
          'patroni-failover',
          `${evidence}, and has promoted it; the cluster isn't pointed at it yet`,
          does('health', `${look}: where it knows Citus, it points the cluster at it by itself`),
        ),
  ];
}

/**
 * A standby streamed from the dead worker when it was sampled last, and was not looked at: its address has no port there.
 *
 * @param looked servers that were looked at, `host:port`
 */
export function knownStandbyCheck(
  request: Request,
  sampled: readonly (NodeSample | undefined)[],
  looked: readonly string[],
): Check[] {
  const unseen = sampled.flatMap((sample) =>
    (sample?.standbys ?? [])
      .filter(({ host }) => !looked.some((node) => node.startsWith(`${host ?? ''}:`)))
      .map(({ name, host }) => `${name}${host === undefined ? '' : ` at ${host}`}, ${sample?.takenAt ?? ''}`),
  );
  if (unseen.length === 0) return [];
  return [
    failed(
      'known-standby',
      `a standby streamed from the dead worker when it was well, and was not looked at: ${listOf(unseen)}`,
      startAgain(
        request,
        'if it is there still, name it with its port: then no row is lost. If it is gone, or no standby but a backup, accept this check with a reason',
        { acceptDataLoss: undefined },
      ),
    ),
  ];
}
