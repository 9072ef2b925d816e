import { addressOf } from '../../text/address.js';
import type { Db } from '../session/connect.js';
import { addressSql } from '../session/address-sql.js';

/** The answer of one node to a command. */
export interface NodeAnswer {
  node: string;
  success: boolean;
  result: string;
}

/**
 * Runs one command on each of some nodes over the coordinator's own connections (`master_run_on_worker`, on which
 * Citus builds `run_command_on_workers`): no password of ours is needed there. A command answers one column.
 */
export async function runOnNodes(
  db: Db,
  commands: { node: string; command: string }[],
): Promise<NodeAnswer[]> {
  if (commands.length === 0) return [];
  const addresses = commands.map(({ node }) => addressOf(node));
  return db.query<NodeAnswer>(
    `select ${addressSql('', 'node_name', 'node_port')} as node, success, result
       from master_run_on_worker($1::text[], $2::int[], $3::text[], true)`,
    [
      addresses.map(({ host }) => host),
      addresses.map(({ port }) => port),
      commands.map(({ command }) => command),
    ],
  );
}

/**
 * A time setting of a node: what holds, what its owner had set with ALTER SYSTEM (null: nothing), the server's system
 * identifier, and when it read its files last, in milliseconds by its own clock.
 */
export type NodeSetting =
  | { node: string; milliseconds: number; ownerValue: string | null; server: string; loadedAt: number }
  | { node: string; error: string };

/**
 * Reads a time setting of each node.
 * `pg_settings.sourcefile` is NULL without pg_read_all_settings; then nobody could restore it, and it is an error.
 */
export async function readNodeSetting(db: Db, nodes: string[], name: string): Promise<NodeSetting[]> {
  const command = `select json_build_object(
      'ms', (select setting::int * case unit when 's' then 1000 else 1 end from pg_settings where name = '${name}'),
      'readable', pg_has_role('pg_read_all_settings', 'member'),
      'fixed', exists (select from pg_settings where name = '${name}' and source in ('command line', 'environment variable')),
      'server', (select system_identifier::text from pg_control_system()),
      'loadedAt', extract(epoch from pg_conf_load_time()) * 1000,
      'ownerValue', (select current_setting(name) from pg_settings
                  where name = '${name}' and sourcefile like '%postgresql.auto.conf'))::text`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.map(({ node, success, result }) => {
    if (!success) return { node, error: result };
    const { ms, readable, fixed, ...rest } = JSON.parse(result) as {
      ms: number;
      ownerValue: string | null;
      readable: boolean;
      fixed: boolean;
      server: string;
      loadedAt: number;
    };
    if (!readable) return { node, error: 'the role may not read who set it (pg_monitor is missing)' };
    // What ALTER SYSTEM writes then neither counts nor can be seen.
    if (fixed) return { node, error: 'it is set where the server is started' };
    return { node, milliseconds: ms, ...rest };
  });
}

/**
 * Has nodes read their files again. Answers when each was told to, in milliseconds by its own clock; one that doesn't
 * answer, or doesn't let the role, is left out.
 */
export async function reloadNodes(db: Db, nodes: string[]): Promise<Map<string, number>> {
  // The time is of before the reload: the server may have read its files before pg_reload_conf() returns.
  const command = `select extract(epoch from start.at) * 1000
      from (select clock_timestamp() as at offset 0) start
      cross join lateral (select pg_reload_conf() where start.at is not null) reload`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return new Map(
    answers.flatMap(({ node, success, result }) => (success ? [[node, Number(result)] as const] : [])),
  );
}

/** Sets, or with null resets, a setting with ALTER SYSTEM and reloads. Answers an error for each node that failed. */
export async function setNodeSetting(
  db: Db,
  wishes: { node: string; name: string; value: string | null }[],
): Promise<{ node: string; error?: string }[]> {
  const results = await runOnNodes(
    db,
    wishes.map(({ node, name, value }) => ({
      node,
      command:
        value === null
          ? `alter system reset ${name}`
          : `alter system set ${name} = '${value.replaceAll("'", "''")}'`,
    })),
  );
  const good = results.filter(({ success }) => success);
  const reloaded = await runOnNodes(
    db,
    good.map(({ node }) => ({ node, command: 'select pg_reload_conf()' })),
  );
  return [...results.filter(({ success }) => !success), ...reloaded].map(({ node, success, result }) =>
    success ? { node } : { node, error: result },
  );
}
