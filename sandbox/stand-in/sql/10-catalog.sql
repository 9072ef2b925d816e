-- The catalog, column by column as in Citus 13.2.

CREATE SEQUENCE pg_catalog.pg_dist_node_nodeid_seq MAXVALUE 4294967296;
CREATE SEQUENCE pg_catalog.pg_dist_groupid_seq MAXVALUE 4294967296;
CREATE SEQUENCE pg_catalog.pg_dist_shardid_seq START 102008 NO CYCLE;
CREATE SEQUENCE pg_catalog.pg_dist_placement_placementid_seq NO CYCLE;
CREATE SEQUENCE pg_catalog.pg_dist_colocationid_seq MAXVALUE 4294967296;
CREATE SEQUENCE pg_catalog.pg_dist_operationid_seq;
CREATE SEQUENCE pg_catalog.pg_dist_cleanup_recordid_seq;

CREATE TABLE pg_catalog.pg_dist_node (
  nodeid int NOT NULL DEFAULT nextval('pg_catalog.pg_dist_node_nodeid_seq') PRIMARY KEY,
  groupid int NOT NULL DEFAULT nextval('pg_catalog.pg_dist_groupid_seq'),
  nodename text NOT NULL,
  nodeport int NOT NULL DEFAULT 5432,
  noderack text NOT NULL DEFAULT 'default',
  hasmetadata boolean NOT NULL DEFAULT false,
  isactive boolean NOT NULL DEFAULT true,
  noderole noderole NOT NULL DEFAULT 'primary',
  nodecluster name NOT NULL DEFAULT 'default',
  metadatasynced boolean DEFAULT false,
  shouldhaveshards boolean NOT NULL DEFAULT true,
  nodeisclone boolean NOT NULL DEFAULT false,
  nodeprimarynodeid int NOT NULL DEFAULT 0,
  UNIQUE (nodename, nodeport)
);

CREATE TABLE pg_catalog.pg_dist_local_group (groupid int NOT NULL PRIMARY KEY);
INSERT INTO pg_catalog.pg_dist_local_group VALUES (0);

CREATE TABLE pg_catalog.pg_dist_node_metadata (metadata jsonb NOT NULL);
INSERT INTO pg_catalog.pg_dist_node_metadata VALUES (jsonb_build_object('server_id', gen_random_uuid(),
  'last_upgrade_version', '13.2-1', 'partitioned_citus_table_exists_pre_11', false));

CREATE TABLE pg_catalog.pg_dist_colocation (
  colocationid int NOT NULL PRIMARY KEY,
  shardcount int NOT NULL,
  replicationfactor int NOT NULL,
  distributioncolumntype oid NOT NULL,
  distributioncolumncollation oid NOT NULL
);

-- partkey holds the column's name here; column_to_column_name() reads it, as it does there.
CREATE TABLE pg_catalog.pg_dist_partition (
  logicalrelid regclass NOT NULL PRIMARY KEY,
  partmethod "char" NOT NULL,
  partkey text,
  colocationid int NOT NULL DEFAULT 0,
  repmodel "char" NOT NULL DEFAULT 'c',
  autoconverted boolean DEFAULT false
);

-- Stays empty: here objects are made on every node without being remembered.
CREATE TABLE pg_catalog.pg_dist_object (
  classid oid NOT NULL,
  objid oid NOT NULL,
  objsubid int NOT NULL,
  type text,
  object_names text[],
  object_args text[],
  distribution_argument_index int,
  colocationid int,
  force_delegation boolean,
  PRIMARY KEY (classid, objid, objsubid)
);

CREATE TABLE pg_catalog.pg_dist_shard (
  logicalrelid regclass NOT NULL,
  shardid bigint NOT NULL PRIMARY KEY,
  shardstorage "char" NOT NULL,
  shardminvalue text,
  shardmaxvalue text
);

CREATE TABLE pg_catalog.pg_dist_placement (
  placementid bigint NOT NULL DEFAULT nextval('pg_catalog.pg_dist_placement_placementid_seq') PRIMARY KEY,
  shardid bigint NOT NULL,
  shardstate int NOT NULL,
  shardlength bigint NOT NULL,
  groupid int NOT NULL
);
CREATE INDEX pg_dist_placement_shardid_index ON pg_catalog.pg_dist_placement (shardid);

-- object_type 1 is a shard placement; policy_type 1 is to be dropped if the operation fails, 2 when it has succeeded.
CREATE TABLE pg_catalog.pg_dist_cleanup (
  record_id bigint NOT NULL DEFAULT nextval('pg_catalog.pg_dist_cleanup_recordid_seq') PRIMARY KEY,
  operation_id bigint NOT NULL,
  object_type int NOT NULL,
  object_name text NOT NULL,
  node_group_id int NOT NULL,
  policy_type int NOT NULL
);

-- Transactions that were prepared on other nodes and are to be committed there.
CREATE TABLE pg_catalog.pg_dist_transaction (groupid int NOT NULL, gid text NOT NULL);

CREATE TABLE pg_catalog.pg_dist_rebalance_strategy (
  name name NOT NULL PRIMARY KEY,
  default_strategy boolean NOT NULL DEFAULT false,
  shard_cost_function regproc NOT NULL,
  node_capacity_function regproc NOT NULL,
  shard_allowed_on_node_function regproc NOT NULL,
  default_threshold real NOT NULL,
  minimum_threshold real NOT NULL DEFAULT 0,
  improvement_threshold real NOT NULL DEFAULT 0
);

CREATE TABLE pg_catalog.pg_dist_background_job (
  job_id bigserial NOT NULL PRIMARY KEY,
  state citus_job_status NOT NULL DEFAULT 'scheduled',
  job_type name NOT NULL,
  description text NOT NULL,
  started_at timestamptz,
  finished_at timestamptz
);

CREATE TABLE pg_catalog.pg_dist_background_task (
  job_id bigint NOT NULL,
  task_id bigserial NOT NULL PRIMARY KEY,
  owner regrole NOT NULL DEFAULT CURRENT_USER::regrole,
  pid int,
  status citus_task_status NOT NULL DEFAULT 'runnable',
  command text NOT NULL,
  retry_count int,
  not_before timestamptz,
  message text NOT NULL DEFAULT '',
  nodes_involved int[]
);

CREATE TABLE pg_catalog.pg_dist_background_task_depend (
  job_id bigint NOT NULL,
  task_id bigint NOT NULL,
  depends_on bigint NOT NULL,
  PRIMARY KEY (job_id, task_id, depends_on)
);

GRANT SELECT ON pg_dist_node, pg_dist_local_group, pg_dist_node_metadata, pg_dist_colocation, pg_dist_partition, pg_dist_object,
  pg_dist_shard, pg_dist_placement, pg_dist_cleanup, pg_dist_rebalance_strategy, pg_dist_background_job,
  pg_dist_background_task, pg_dist_background_task_depend TO public;
