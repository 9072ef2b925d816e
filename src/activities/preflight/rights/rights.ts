import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { Db } from '../../../citus/session/connect.js';
import { identifier } from '../../../citus/session/quote.js';
import type { RefusedSession } from '../../../citus/roles/role-sessions.js';
import { membershipGrant } from '../../../citus/roles/membership.js';
import { readRights, readTuningRights, type Rights, type TuningRights } from '../../../citus/roles/rights.js';
import { wrapperSchema, wrapperSignatures, type WrapperName } from '../../../citus/roles/wrappers.js';
import type { Check } from '../../../contract/index.js';
import { temporary } from '../../settings/temporary.js';
import { failed, listOf, passed } from '../check.js';
import { setOnNodes } from '../on-nodes.js';
import { ownerRights } from './owner-rights.js';

/** The deeds of an operation, as far as they take rights. */
export interface Deeds {
  registers: boolean;
  deregisters: boolean;
  /** Whether leftovers are removed. */
  cleans: boolean;
  /** Whether nodes are marked as ones that should hold no shards. */
  marks: boolean;
  /** Whether metadata sync to a worker is stopped or started. */
  isolates: boolean;
  /** Whether all traffic is held, and a standby promoted. */
  holds: boolean;
  moves: boolean;
  tunes: boolean;
  /** Nodes that answer; those that may give or take shards. */
  nodes: string[];
  takers: string[];
  /** Moves at once. */
  atOnce: number;
  /** Whether shards move without writes being blocked. */
  online: boolean;
  /** Bytes of the largest shard group; absent: unknown. */
  largestBytes?: number;
  capacities: NodeCapacity[];
}

/** Checks what the role of this session may do, and names the grants that are missing. */
export async function rightsChecks(
  db: Db,
  deeds: Deeds,
  refused: readonly RefusedSession[],
): Promise<Check[]> {
  const rights = await readRights(db);
  return [
    mayAct(rights, deeds),
    seesOthers(rights),
    ...(deeds.moves ? [await ownerRights(db, deeds.nodes, rights, refused)] : []),
    ...(deeds.moves && deeds.tunes
      ? [mayTune(rights, await readTuningRights(db, deeds.takers, temporary.name))]
      : []),
  ];
}

/** The acting role itself can't be used, so nothing can be said of its rights. */
export function cannotActAs(user: string, error: unknown): Check {
  return failed(
    'role',
    `${user} can't be used: ${error instanceof Error ? error.message : String(error)}`,
    'check coordinator.user and its password in the config of the worker',
  );
}

/** Citus refuses citus_add_node and its like to everybody but a superuser, so functions lend the right (docs/roles.md). */
function mayAct(rights: Rights, deeds: Deeds): Check {
  const { user, superuser, wrappers, copiesReferenceTables } = rights;
  if (superuser) return passed('role', `${user} is a superuser`);
  if (deeds.cleans)
    return failed(
      'role',
      `${user} is no superuser, and it takes one to drop what others made and to change pg_dist_cleanup`,
      'run by hand, as a superuser, what the plan of a dry run says; or name a superuser in the config',
    );
  if (deeds.holds)
    return failed(
      'role',
      `${user} is no superuser, and it takes one to hold all traffic, to promote a standby and to fence a server`,
      'name a superuser in the config, or move shards instead of using a standby',
    );
  const role = identifier(user);
  const lacks: { evidence: string; remedy: string }[] = [];
  const functions: WrapperName[] = [
    ...(deeds.registers
      ? ([
          'take_group',
          'add_node',
          'activate_node',
          'deactivate_node',
          'remove_node',
          'plan_with_workers',
        ] as const)
      : []),
    ...(deeds.deregisters ? (['remove_node'] as const) : []),
    ...(deeds.marks ? (['mark_node', 'plan_drain'] as const) : []),
    ...(deeds.isolates ? (['stop_sync', 'start_sync'] as const) : []),
  ];
  for (const each of functions) {
    const signature = wrapperSignatures[each];
    if (wrappers[each] === 'missing')
      lacks.push({
        evidence: `there is no function ${signature} of a superuser`,
        remedy: 'run part 1 of what citus-scaler init --print-grants prints, on the coordinator',
      });
    if (wrappers[each] === 'no right')
      lacks.push({
        evidence: `it may not execute ${signature}`,
        remedy: `GRANT USAGE ON SCHEMA ${wrapperSchema} TO ${role}; GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`,
      });
  }
  if (deeds.moves && !copiesReferenceTables)
    lacks.push({
      evidence: 'it may not execute replicate_reference_tables',
      remedy: `GRANT EXECUTE ON FUNCTION pg_catalog.replicate_reference_tables(citus.shard_transfer_mode) TO ${role}`,
    });
  if (lacks.length === 0) return passed('role', `${user} is no superuser and has the grants of an operator`);
  return failed(
    'role',
    `${user} is no superuser: ${listOf(lacks.map(({ evidence }) => evidence))}`,
    `as a superuser on the coordinator: ${[...new Set(lacks.map(({ remedy }) => remedy))].join('; ')}`,
  );
}

function seesOthers(rights: Rights): Check {
  const { user, monitors } = rights;
  return monitors
    ? passed('monitor-rights', `${user} sees the statements of others`)
    : failed(
        'monitor-rights',
        `${user} lacks the rights of pg_monitor: moves and old transactions of others may go unseen, and no setting is lowered`,
        `on the coordinator: ${membershipGrant('pg_monitor', rights)}`,
      );
}

/** Never a reason to refuse: moves just take longer. */
function mayTune({ user, superuser }: Rights, answers: TuningRights[]): Check {
  const lacking = answers.flatMap((answer) => {
    if (!('error' in answer)) return answer.lacks.map((what) => ({ node: answer.node, what }));
    // Before PostgreSQL 15 there is no such right to ask for: superusers have it.
    return superuser ? [] : [{ node: answer.node, what: answer.error }];
  });
  if (lacking.length === 0)
    return passed('tune-rights', `${user} may lower ${temporary.name} on ${answers.length} nodes`);
  return failed(
    'tune-rights',
    `${user} can't lower ${temporary.name}, so moves take longer: ${listOf(lacking.map(({ node, what }) => `${node}: ${what}`))}`,
    tuneRemedy(
      user,
      lacking.map(({ node }) => node),
    ),
  );
}

/** Checks whether the role may lower the setting on a server that is yet to join. */
export function newNodeTuning(node: string, user: string, lacks: string[]): Check {
  return lacks.length === 0
    ? passed('tune-rights', `${user} may lower ${temporary.name} on ${node}`)
    : failed(
        'tune-rights',
        `${user} can't lower ${temporary.name}, so moves take longer: ${listOf(lacks.map((what) => `${node}: ${what}`))}`,
        tuneRemedy(user, [node]),
      );
}

function tuneRemedy(user: string, nodes: string[]): string {
  const role = identifier(user);
  const what = `GRANT ALTER SYSTEM ON PARAMETER ${temporary.name} TO ${role}; GRANT EXECUTE ON FUNCTION pg_reload_conf() TO ${role};`;
  return setOnNodes(nodes.map((node) => ({ node, what })));
}
