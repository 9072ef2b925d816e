import { runOnNodes } from './node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/** A place where a setting of a node is set for others than us, or for all. */
export interface LimitPlace {
  node: string;
  /** As it is written there: `1s`, `on`. */
  value: string;
  /** The statement that set it, or the file and line: `ALTER DATABASE shop SET`. */
  by: string;
  /** The statement that takes it away; absent: it stands in a file. */
  reset?: string;
}

/** The limits of one node. */
export interface NodeLimits {
  node: string;
  /** A standby, which takes no writes however it is set. */
  inRecovery: boolean;
  places: LimitPlace[];
}

/**
 * Reads where a setting is set on nodes for sessions that others may open there: for the database, for roles, in a file.
 * The catalog of such settings may be read by everybody, the file of one by members of `pg_read_all_settings`.
 */
export async function readLimits(db: Db, nodes: string[], setting: string): Promise<NodeLimits[]> {
  const name = literal(setting);
  const command = `select json_build_object('inRecovery', pg_is_in_recovery(), 'places', (
      select coalesce(json_agg(json_strip_nulls(json_build_object('value', value, 'by', scope || ' SET', 'reset', scope || ' RESET ' || ${name}))), '[]')
        from (select substr(c, strpos(c, '=') + 1) as value,
                case when setrole = 0 and setdatabase = 0 then 'ALTER ROLE ALL'
                     when setrole = 0 then format('ALTER DATABASE %I', current_database())
                     when setdatabase = 0 then format('ALTER ROLE %I', rolname)
                     else format('ALTER ROLE %I IN DATABASE %I', rolname, current_database()) end as scope
                from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) c
               where split_part(c, '=', 1) = ${name} and setdatabase in (0, (select oid from pg_database where datname = current_database()))
                 and substr(c, strpos(c, '=') + 1) not in ('0', '-1', 'off', 'false', 'no')) given),
      'file', (select json_build_object('value', current_setting(name), 'by', coalesce(sourcefile || ':' || sourceline, source))
                from pg_settings where name = ${name} and source in ('configuration file', 'command line', 'environment variable')
                 and setting not in ('0', '-1', 'off')))::text`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) => {
    if (!success) return [];
    const { inRecovery, places, file } = JSON.parse(result) as {
      inRecovery: boolean;
      places: Omit<LimitPlace, 'node'>[];
      file: Omit<LimitPlace, 'node'> | null;
    };
    return [
      { node, inRecovery, places: [...places, ...(file ? [file] : [])].map((place) => ({ node, ...place })) },
    ];
  });
}
