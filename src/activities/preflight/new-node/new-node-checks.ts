import type { Dirt } from '../../../citus/new-server/dirt.js';
import type { OtherExtension } from '../../../citus/new-server/extensions.js';
import type { InTheWay } from '../../../citus/new-server/names-in-use.js';
import type { BrokenWay } from '../../../citus/new-server/ways.js';
import { versionText, type ServerFacts } from '../../../citus/nodes/server-facts.js';
import type { Check } from '../../../contract/index.js';
import { identifier, literal } from '../../../citus/session/quote.js';
import { failed, listOf, passed, warning } from '../check.js';

/** Citus says it late and badly: `failure on connection marked as essential`. The database must be the right one. */
export function extension(node: string, { citus }: ServerFacts, database: string): Check {
  return citus === null
    ? failed(
        'new-node-extension',
        `${node} has no citus extension in the database ${database}`,
        `on ${node}, in the database ${database}: CREATE EXTENSION citus;`,
      )
    : passed('new-node-extension', `${node} has Citus ${citus} in ${database}`);
}

/** Checks that the server has the coordinator's versions of PostgreSQL and Citus. */
export function sameVersions(node: string, facts: ServerFacts, coordinator: ServerFacts): Check {
  const major = ({ versionNum }: ServerFacts): number => Math.floor(versionNum / 10_000);
  const versionsOf = ({ versionNum, citus, library }: ServerFacts): string =>
    `PostgreSQL ${versionText(versionNum)}, Citus ${library ?? 'missing'} (extension ${citus ?? 'missing'})`;
  const same =
    major(facts) === major(coordinator) &&
    facts.citus === coordinator.citus &&
    facts.library === coordinator.library;
  return same
    ? passed('new-node-versions', `${node}: ${versionsOf(facts)}, as the coordinator`)
    : failed(
        'new-node-versions',
        `${node} has ${versionsOf(facts)}; the coordinator ${versionsOf(coordinator)}`,
        'install the same versions',
      );
}

/** Text sorts and compares differently under another collation: answers would depend on the node. */
export function sameLocale(node: string, { locale }: ServerFacts, coordinator: ServerFacts): Check {
  return locale === coordinator.locale
    ? passed('new-node-locale', `${node}: ${locale}, as the coordinator`)
    : failed(
        'new-node-locale',
        `${node}: encoding and collation are ${locale}; at the coordinator ${coordinator.locale}`,
        'create its database with the same ENCODING, LOCALE_PROVIDER, LC_COLLATE, LC_CTYPE and ICU_LOCALE',
      );
}

/**
 * Citus creates the coordinator's extensions on a node that joins; one that isn't installed there stops it. It names no
 * version, so the server's own default counts.
 */
export function extensions(node: string, others: OtherExtension[]): Check {
  const missing = others.filter(({ there }) => there === null).map(({ name }) => name);
  if (missing.length > 0)
    return failed(
      'new-node-extensions',
      `not installed on ${node}: ${listOf(missing)}`,
      'install the packages of these extensions there',
    );
  return others.length === 0
    ? passed('new-node-extensions', `${node} has the extensions that the database uses, in the same versions`)
    : warning(
        'new-node-extensions',
        `in another version on ${node}: ${listOf(others.map(({ name, there, version }) => `${name} ${String(there)}, not ${version}`))}`,
        listOf(
          others.map(({ name, version, isCreated }) =>
            isCreated
              ? `on ${node}: ALTER EXTENSION ${identifier(name)} UPDATE TO ${literal(version)}`
              : `install the package of ${name} there that the other nodes have`,
          ),
        ),
      );
}

/** Checks that the names of the cluster's objects are free: Citus drops tables of its own there without a word. */
export function namesFree(node: string, { tables, dependents, others }: InTheWay): Check {
  const problems = [
    ...(tables.length > 0 ? [`tables with rows, which Citus would drop: ${listOf(tables)}`] : []),
    ...(dependents.length > 0 ? [`what would be dropped with such a table: ${listOf(dependents)}`] : []),
    ...(others.length > 0
      ? [`what is no table, or of another kind or shape, so that it can't be registered: ${listOf(others)}`]
      : []),
  ];
  return problems.length === 0
    ? passed('new-node-tables', `${node} has nothing of its own that is called like the cluster's tables`)
    : failed(
        'new-node-tables',
        `${node} has, called like the cluster's tables, views, sequences or functions, ${problems.join('; ')}`,
        'rename them there (ALTER … RENAME TO …), drop them, or start from an empty database',
      );
}

/**
 * A server that was in a cluster before. Same-named leftovers are replaced by a move, others stay as orphans
 * (measured), so this warns; what does stop moves are rows of pg_dist_cleanup, see `leftovers`.
 */
export function cleanServer(node: string, dirt: Dirt, { localGroup }: ServerFacts): Check {
  const traces = [
    ...(dirt.tables > 0
      ? [`${dirt.tables} tables that look like shards of an earlier time (${dirt.example ?? ''})`]
      : []),
    ...(dirt.subscriptions.length > 0
      ? [`subscriptions of moves that never ended: ${listOf(dirt.subscriptions)}`]
      : []),
    ...(dirt.members.length > 0 && localGroup !== 0
      ? [`metadata of a cluster of ${dirt.members.length} nodes`]
      : []),
  ];
  return traces.length === 0
    ? passed('new-node-clean', `${node} holds nothing of an earlier cluster`)
    : failed(
        'new-node-clean',
        `${node} was in a cluster before: ${traces.join('; ')}`,
        'start from an empty database, or make sure that it is in no other cluster, drop the tables (citus.override_table_visibility = off shows them) and for each subscription: ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s',
      );
}

/** Shards travel from worker to worker, so the workers must reach each other too. */
export function mesh(node: string, broken: BrokenWay[]): Check {
  return broken.length === 0
    ? passed('new-node-mesh', `${node} and the workers reach each other`)
    : failed(
        'new-node-mesh',
        listOf(
          broken.map(({ from, to, error }) => `${from} can't reach ${to}: ${error}`),
          5,
        ),
        'check name resolution, firewall, pg_hba.conf and the passwords of the servers',
      );
}
