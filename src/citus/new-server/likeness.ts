import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { sameEverywhere } from './settings-alike.js';

/** A setting as a new session of this role has it. */
export interface AlikeSetting {
  value: string;
  /** Where it comes from, as `pg_settings` says: `database`, `user`, `configuration file`, … */
  source: string;
  /** Whether it takes a restart. */
  restart: boolean;
}

/** What answers, sessions and others' tools rely on at a server, and Citus brings to none that joins. */
export interface Likeness {
  node: string;
  settings: Record<string, AlikeSetting | undefined>;
  /** Null where the role may not see them. */
  libraries: string[] | null;
  roles: { name: string; login: boolean }[];
  tablespaces: string[];
  /** Logical slots of others in this database, such as those of consumers of changes. */
  slots: { name: string; plugin: string }[];
  /** Version of the library that compares text, by provider, and of the database's own collation. */
  collations: Partial<Record<'database' | 'libc' | 'icu', string | null>>;
}

/** The query of {@link Likeness}, one column of JSON. */
function likenessQuery(versionNum: number): string {
  return `SELECT json_build_object(
  'settings', (SELECT coalesce(json_object_agg(name, json_build_object('value', reset_val, 'source', source, 'restart', context = 'postmaster')), '{}')
     FROM pg_settings WHERE name = ANY ('{${sameEverywhere.join(',')}}')),
  'libraries', (SELECT json_agg(btrim(l, ' "')) FROM pg_settings, regexp_split_to_table(setting, ',') l WHERE name = 'shared_preload_libraries' AND btrim(l) <> ''),
  'roles', (SELECT coalesce(json_agg(json_build_object('name', rolname, 'login', rolcanlogin) ORDER BY rolname), '[]')
     FROM pg_roles WHERE rolname !~ '^(pg_|citus_shard_)'),
  'tablespaces', (SELECT coalesce(json_agg(spcname), '[]') FROM pg_tablespace),
  'slots', (SELECT coalesce(json_agg(json_build_object('name', slot_name, 'plugin', plugin) ORDER BY slot_name), '[]') FROM pg_replication_slots
     WHERE slot_type = 'logical' AND NOT temporary AND database = current_database() AND slot_name !~ '^citus_shard_(move|split)_'),
  'collations', json_build_object(
     'database', ${versionNum >= 150_000 ? '(SELECT pg_database_collation_actual_version(oid) FROM pg_database WHERE datname = current_database())' : 'NULL'},
     'libc', (SELECT max(pg_collation_actual_version(oid)) FROM pg_collation WHERE collprovider = 'c' AND collnamespace = 'pg_catalog'::regnamespace),
     'icu', (SELECT max(pg_collation_actual_version(oid)) FROM pg_collation WHERE collprovider = 'i' AND collname = 'und-x-icu'))
)::text`;
}

/** Reads it of servers, registered or not, over the coordinator's own connections; those that don't answer are left out. */
export async function readLikeness(db: Db, nodes: string[], versionNum: number): Promise<Likeness[]> {
  const command = likenessQuery(versionNum);
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success ? [{ node, ...(JSON.parse(result) as Omit<Likeness, 'node'>) }] : [],
  );
}
