-- A stand-in for Citus: a test double. It has the catalog tables and functions that citus-scaler uses, and nothing
-- of what makes Citus fast. Helpers live in the schema stand_in, which every database gets from template1 together
-- with dblink and postgres_fdw.

SET LOCAL allow_system_table_mods = on;
SET LOCAL search_path = pg_catalog;

CREATE SCHEMA citus;
CREATE SCHEMA citus_internal;
-- The coordinator's foreign tables, one a shard; `public` shows only tables, as it does with Citus.
CREATE SCHEMA stand_in_shards;

CREATE TYPE citus.distribution_type AS ENUM ('hash', 'range', 'append');
CREATE TYPE citus.shard_transfer_mode AS ENUM ('auto', 'force_logical', 'block_writes');
CREATE TYPE pg_catalog.noderole AS ENUM ('primary', 'secondary', 'unavailable');
CREATE TYPE pg_catalog.citus_job_status AS ENUM
  ('scheduled', 'running', 'finished', 'cancelling', 'cancelled', 'failing', 'failed');
CREATE TYPE pg_catalog.citus_task_status AS ENUM
  ('blocked', 'runnable', 'running', 'done', 'cancelling', 'error', 'unscheduled', 'cancelled');

GRANT USAGE ON SCHEMA citus, citus_internal, stand_in, stand_in_shards TO public;
