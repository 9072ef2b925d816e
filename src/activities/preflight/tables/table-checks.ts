import { conditionOf } from '../../../citus/tables/conditions.js';
import type { Finding, Findings } from '../../../citus/tables/find-conditions.js';
import type { ShardGroup } from '../../../citus/tables/shard-groups.js';
import { readReplicatedTables } from '../../../citus/tables/tables.js';
import type { Db } from '../../../citus/session/connect.js';
import type { Check, TransferMode } from '../../../contract/index.js';
import { failed, listOf, passed, warning } from '../check.js';
import { conditionsByGroup, groupedBy, keyOf, modeOf, tell } from './group-conditions.js';

/** Tables named in one check. */
const most = 20;

/** What each check says when nothing was found. */
const good = {
  'replica-identity': 'every table has a primary key or another replica identity',
  'unlogged-tables': 'no table is unlogged',
  'online-moves': 'nothing else keeps a table from being moved while it is written to',
} as const;

type OnlineCheck = keyof typeof good;

/**
 * Checks in which mode the shards of every table can be moved, if in any, by the conditions that were found.
 *
 * @param leaving shard groups that the operation has to move: what hinders them blocks. Of others the plan is to tell
 */
export function tableChecks(
  { findings, unseen }: Findings,
  transferMode: TransferMode,
  leaving: readonly ShardGroup[],
): Check[] {
  const conditions = conditionsByGroup(findings);
  const inTheWay = new Set(leaving.flatMap(conditions));
  return [
    movableTables(findings, transferMode, unseen, leaving.map(conditions)),
    ...(Object.keys(good) as OnlineCheck[]).map((id) => online(id, findings, transferMode, inTheWay)),
  ];
}

/** Whether there is a mode for every table, by itself and together with those that are colocated with it. */
function movableTables(
  findings: Finding[],
  transferMode: TransferMode,
  unseen: string[],
  leaving: Finding[][],
): Check {
  // With force_logical the other checks tell.
  const wished = transferMode === 'force_logical' ? 'auto' : transferMode;
  const stuckIn = (groups: Iterable<Finding[]>): Finding[] =>
    [...groups].flatMap((group) => (modeOf(wished, group) === undefined ? group.filter(sticks) : []));
  const bound = stuckIn(leaving);
  if (bound.length > 0) return immovable(bound);
  const stuck = stuckIn(
    groupedBy(findings, ({ colocationId, label }) => keyOf(colocationId, label)).values(),
  );
  if (stuck.length > 0)
    return warning(
      'movable-tables',
      `can't be moved: ${namesOf(stuck)}; the plan is refused if it moves one of them`,
      remedyOf(stuck),
    );
  const unproved = findings.filter(({ condition }) => conditionOf(condition).works === 'unproved');
  if (unproved.length > 0)
    return warning(
      'movable-tables',
      `can't be moved, if rows violate it: ${namesOf(unproved)}`,
      `see whether any does: ${remedyOf(unproved)}`,
    );
  return unseen.length === 0
    ? passed('movable-tables', 'every table can be moved')
    : warning(
        'movable-tables',
        `the shards could not be looked at on ${listOf(unseen)}`,
        'look again when the node answers',
      );
}

function sticks({ condition }: Finding): boolean {
  const { check, works } = conditionOf(condition);
  return check === 'movable-tables' && works !== 'unproved';
}

/** The check of shard groups that no mode moves. */
export function immovable(findings: readonly Finding[]): Check {
  return failed('movable-tables', `can't be moved: ${namesOf(findings)}`, remedyOf(findings));
}

function online(
  id: OnlineCheck,
  all: Finding[],
  transferMode: TransferMode,
  inTheWay: ReadonlySet<Finding>,
): Check {
  const findings = all.filter(({ condition }) => conditionOf(condition).check === id);
  if (findings.length === 0) return passed(id, good[id]);
  const names = namesOf(findings);
  switch (transferMode) {
    case 'auto':
      return {
        ...failed(id, `moved with their writes blocked: ${names}`, remedyOf(findings)),
        severity: 'info',
      };
    case 'force_logical':
      return id === 'replica-identity'
        ? warning(id, `UPDATE and DELETE will fail while they move: ${names}`, remedyOf(findings))
        : (findings.some((each) => inTheWay.has(each)) ? failed : warning)(
            id,
            `can't be moved online: ${names}`,
            `${remedyOf(findings)} or move them with auto or block_writes`,
          );
    case 'block_writes':
      return passed(id, `writes are blocked while they move: ${names}`);
  }
}

/** Names the tables of these findings, each with what was found. */
export function namesOf(findings: readonly Finding[]): string {
  return listOf([...new Set(findings.map(tell))], most);
}

const advice: Record<OnlineCheck | 'movable-tables', string> = {
  'replica-identity': 'give them a primary key or REPLICA IDENTITY',
  'unlogged-tables': 'ALTER TABLE … SET LOGGED',
  'online-moves': 'mend what the evidence names, if their writes may not wait',
  'movable-tables': 'make the shards, or the rows, what the table says, on the nodes that the evidence names',
};

/** The statements that mend these findings; where there are none, what to do in words. */
function remedyOf(findings: readonly Finding[]): string {
  const statements = [...new Set(findings.flatMap(({ mend }) => mend ?? []))];
  if (statements.length > 0) return `${statements.slice(0, 10).join('; ')};`;
  const [first] = findings;
  return first ? advice[conditionOf(first.condition).check as keyof typeof advice] : '';
}

/** Tables that we leave where they are. */
export async function replicatedShards(db: Db): Promise<Check[]> {
  const replicated = await readReplicatedTables(db);
  if (replicated.length === 0) return [];
  return [
    failed(
      'replicated-shards',
      `tables whose shards have several placements, which are not moved: ${listOf(replicated, most)}`,
      'use a replication factor of 1 and streaming standbys instead',
    ),
  ];
}
