import type { Db } from '../session/db.js';
import { addressSql } from '../session/address-sql.js';

/** Schema of the functions that lend a superuser's rights, on the coordinator. */
export const wrapperSchema = 'citus_scaler';

/**
 * The functions that lend a superuser's rights, one for each thing that Citus refuses to everyone else, whatever was
 * granted.
 */
export const wrapperNames = [
  'take_group',
  'add_node',
  'activate_node',
  'deactivate_node',
  'remove_node',
  'mark_node',
  'stop_sync',
  'start_sync',
  'plan_with_workers',
  'plan_drain',
] as const;
/** The name of a wrapper. */
export type WrapperName = (typeof wrapperNames)[number];

/** The wrappers as GRANT names them. */
export const wrapperSignatures: Record<WrapperName, string> = {
  take_group: `${wrapperSchema}.take_group()`,
  add_node: `${wrapperSchema}.add_node(text, int, int)`,
  activate_node: `${wrapperSchema}.activate_node(text, int)`,
  deactivate_node: `${wrapperSchema}.deactivate_node(text, int)`,
  remove_node: `${wrapperSchema}.remove_node(text, int)`,
  mark_node: `${wrapperSchema}.mark_node(text, int, bool)`,
  stop_sync: `${wrapperSchema}.stop_sync(text, int)`,
  start_sync: `${wrapperSchema}.start_sync(text, int)`,
  plan_with_workers: `${wrapperSchema}.plan_with_workers(text[], int[], name)`,
  plan_drain: `${wrapperSchema}.plan_drain(text[], int[])`,
};

/** Whether a wrapper can be called by this session. */
export type WrapperState = 'usable' | 'no right' | 'missing';

/**
 * Whether the role of this session may call each. One that a superuser doesn't own counts as missing: whoever may
 * create schemas could have put it there, to be called with our rights.
 */
export async function readWrappers(db: Db): Promise<Record<WrapperName, WrapperState>> {
  const rows = await db.query<{ name: string; usable: boolean }>(
    `SELECT p.proname::text AS name, has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE') AS usable
       FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_catalog.pg_roles f ON f.oid = p.proowner JOIN pg_catalog.pg_roles s ON s.oid = n.nspowner
      WHERE n.nspname = $1 AND p.prosecdef AND f.rolsuper AND s.rolsuper
        AND $1 || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')' = ANY ($2::text[])`,
    [wrapperSchema, Object.values(wrapperSignatures).map(asCatalogSpells)],
  );
  const stateOf = (wrapper: WrapperName): WrapperState => {
    const row = rows.find(({ name }) => name === wrapper);
    if (!row) return 'missing';
    return row.usable ? 'usable' : 'no right';
  };
  return {
    take_group: stateOf('take_group'),
    add_node: stateOf('add_node'),
    activate_node: stateOf('activate_node'),
    deactivate_node: stateOf('deactivate_node'),
    remove_node: stateOf('remove_node'),
    mark_node: stateOf('mark_node'),
    stop_sync: stateOf('stop_sync'),
    start_sync: stateOf('start_sync'),
    plan_with_workers: stateOf('plan_with_workers'),
    plan_drain: stateOf('plan_drain'),
  };
}

/** A signature as `oidvectortypes` spells it. */
function asCatalogSpells(signature: string): string {
  return signature.replace(/\bint\b/g, 'integer').replace(/\bbool\b/g, 'boolean');
}

/** Whether to call the wrapper rather than Citus: for a role that is no superuser, where there is one. */
export async function usesWrapper(db: Db, name: WrapperName): Promise<boolean> {
  const [role] = await db.query<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_catalog.pg_roles WHERE rolname = current_user',
  );
  return role?.superuser !== true && (await readWrappers(db))[name] === 'usable';
}

/** The workers that are isolated: Citus plans as if they weren't there. */
const isolated = `noderole = 'primary' AND groupid <> 0 AND isactive AND NOT hasmetadata`;

/** Citus's plan under circumstances that are made for each node, and undone by the error that the block raises. */
function planFunction(signature: string, eachNode: string, options: string): string {
  return `CREATE OR REPLACE FUNCTION ${wrapperSchema}.${signature}
RETURNS TABLE (shardid bigint, source text, target text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE plan jsonb; shards_left_out bigint[] := ARRAY(
  SELECT p.shardid FROM pg_catalog.pg_dist_placement p WHERE p.groupid IN (SELECT n.groupid FROM pg_catalog.pg_dist_node n WHERE ${isolated}));
BEGIN
  BEGIN
    UPDATE pg_catalog.pg_dist_node SET shouldhaveshards = false WHERE ${isolated};
    FOR i IN 1 .. cardinality(hosts) LOOP
      ${eachNode}
    END LOOP;
    SELECT jsonb_agg(to_jsonb(p)) INTO plan
      FROM pg_catalog.get_rebalance_table_shards_plan(${options}, excluded_shard_list := shards_left_out) p;
    RAISE EXCEPTION 'nothing of this is to stay' USING ERRCODE = 'CS001';
  EXCEPTION WHEN SQLSTATE 'CS001' THEN
    NULL;
  END;
  RETURN QUERY SELECT p.shardid, ${addressSql('p', 'sourcename', 'sourceport')}, ${addressSql('p', 'targetname', 'targetport')}
    FROM jsonb_to_recordset(plan) AS p(shardid bigint, sourcename text, sourceport int, targetname text, targetport int);
END
$$;`;
}

/**
 * The functions. `search_path` is fixed, so that nobody's function of the same name runs with these rights; the
 * plan's pretended nodes are undone by the error that the block raises and catches itself.
 */
export const createWrappers = `CREATE OR REPLACE FUNCTION ${wrapperSchema}.take_group() RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT nextval('pg_catalog.pg_dist_groupid_seq')::int;
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.add_node(host text, port int, group_id int) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.citus_add_node(host, port, group_id);
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.activate_node(host text, port int) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.citus_activate_node(host, port);
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.deactivate_node(host text, port int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.stop_metadata_sync_to_node(host, port);
  SELECT pg_catalog.citus_disable_node(host, port, true);
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.remove_node(host text, port int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.stop_metadata_sync_to_node(host, port);
  SELECT pg_catalog.citus_remove_node(host, port);
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.mark_node(host text, port int, should_have_shards bool) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.citus_set_node_property(host, port, 'shouldhaveshards', should_have_shards);
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.stop_sync(host text, port int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.stop_metadata_sync_to_node(host, port);
$$;

CREATE OR REPLACE FUNCTION ${wrapperSchema}.start_sync(host text, port int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.start_metadata_sync_to_node(host, port);
$$;

${planFunction(
  'plan_with_workers(hosts text[], ports int[], strategy name)',
  `UPDATE pg_catalog.pg_dist_node n SET isactive = true, shouldhaveshards = true
       WHERE lower(n.nodename) = lower(hosts[i]) AND n.nodeport = ports[i];
      CONTINUE WHEN FOUND;
      INSERT INTO pg_catalog.pg_dist_node (nodeid, groupid, nodename, nodeport, isactive, shouldhaveshards)
      SELECT max(n.nodeid) + 1, max(n.groupid) + 1, hosts[i], ports[i], true, true FROM pg_catalog.pg_dist_node n;`,
  'rebalance_strategy := strategy',
)}

${planFunction(
  'plan_drain(hosts text[], ports int[])',
  `PERFORM pg_catalog.citus_set_node_property(hosts[i], ports[i], 'shouldhaveshards', false);`,
  'drain_only := true',
)}`;
