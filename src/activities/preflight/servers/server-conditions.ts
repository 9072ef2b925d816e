import { tryDefinitions, type ChangesBlock, type Conditions } from '../../../citus/nodes/conditions.js';
import type { Db } from '../../../citus/session/connect.js';
import type { Check } from '../../../contract/index.js';
import { formatSeconds } from '../../../text/figures.js';
import { failed, listOf, passed, warning } from '../check.js';
import { mendOnNodes, sayByNodes } from '../on-nodes.js';

/** A server whose commits wait for standbys that are away, and how many there are. */
interface AwayStandbys {
  node: string;
  what: string;
}

/** The servers at which each commit waits for a standby that isn't there: without a word, and for ever. */
export function awayStandbys(conditions: readonly Conditions[]): AwayStandbys[] {
  return conditions.flatMap(({ node, standbyNames, standbys }) => {
    if (standbyNames === null || standbys === null) return [];
    const needed = Number(/(\d+)\s*\(/.exec(standbyNames)?.[1] ?? 1);
    const what = `synchronous_standby_names = '${standbyNames}', and ${standbys} of ${needed} such standbys are there`;
    return standbys >= needed ? [] : [{ node, what }];
  });
}

/** Checks that no server waits at each commit for a standby that isn't there. */
export function synchronousStandbys(conditions: readonly Conditions[]): Check {
  const waiting = awayStandbys(conditions);
  return waiting.length === 0
    ? passed('synchronous-standbys', 'no server waits for a standby that is away')
    : failed(
        'synchronous-standbys',
        `each commit waits for ever: ${sayByNodes(waiting)}`,
        `bring the standbys back; or, if there are none, ${mendOnNodes(
          waiting.map(({ node }) => ({
            node,
            what: "ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();",
          })),
        )}`,
      );
}

/** Checks for event triggers that fire on what a move does, and tries whether they let it. */
export async function eventTriggers(db: Db, conditions: readonly Conditions[]): Promise<Check> {
  const found = conditions.flatMap(({ node, eventTriggers: all }) =>
    all.map(({ name, function: calls, event }) => ({ node, what: `${name} (${event}, ${calls})` })),
  );
  if (found.length === 0)
    return passed('event-triggers', 'no event trigger fires on what is made on the nodes');
  const failures = await tryDefinitions(db, [...new Set(found.map(({ node }) => node))]);
  const remedy = `if they are not meant for what Citus does, ${mendOnNodes(
    conditions.flatMap(({ node, eventTriggers: all }) =>
      all.map(({ name }) => ({ node, what: `ALTER EVENT TRIGGER "${name.replaceAll('"', '""')}" DISABLE;` })),
    ),
  )}`;
  const all = `event triggers: ${sayByNodes(found)}`;
  return failures.length > 0
    ? failed(
        'event-triggers',
        `making a table fails: ${sayByNodes(failures.map(({ node, error }) => ({ node, what: error })))}; ${all}`,
        remedy,
      )
    : warning('event-triggers', `they will fire on what moves make there: ${all}`, remedy);
}

/** Checks that no backup holds all changes: whatever moves or registers would wait until it ends. */
export function changesBlock(block: ChangesBlock | undefined): Check[] {
  if (!block) return [];
  const since = block.since === null ? '' : ` since ${block.since}`;
  return [
    failed(
      'cluster-changes',
      `a backup holds cluster changes (citus_cluster_changes_block, ${block.state})${since}, for ${formatSeconds(block.atMostSeconds)} at most`,
      'wait until it has ended; if nobody needs it any more, on the coordinator: SELECT citus_cluster_changes_unblock();',
    ),
  ];
}

/** Notes base backups that run: one copy may then have a shard twice, or not at all, when it is restored. */
export function baseBackups(conditions: readonly Conditions[]): Check[] {
  const nodes = conditions.filter((each) => each.baseBackups > 0).map(({ node }) => node);
  return nodes.length === 0
    ? []
    : [
        failed(
          'base-backups',
          `a base backup runs on ${listOf(nodes)}: backups of several nodes don't fit together when shards move between them`,
          'wait until it has ended',
        ),
      ];
}

/** Notes who reads changes by logical decoding: what a moved shard changes comes from its new node. */
export function changeConsumers(conditions: readonly Conditions[]): Check[] {
  const found = conditions.flatMap(({ node, consumers }) => consumers.map((slot) => ({ node, what: slot })));
  return found.length === 0
    ? []
    : [
        failed(
          'change-consumers',
          `logical slots of others: ${sayByNodes(found)}; changes of a shard come from its new node once it has moved, and its copy may look like inserts there`,
          'make sure that each consumer reads from every node, and set citus.enable_change_data_capture = on, which leaves the copy out',
        ),
      ];
}
