#!/bin/bash
# Makes one cluster of three servers. May run any number of times: both functions are idempotent.
set -eu
PGPASSWORD=$(cat /run/secrets/citus_password)
export PGPASSWORD
psql() { command psql -X -q -v ON_ERROR_STOP=1 -h citus-coordinator -U postgres -d app "$@"; }
# Workers reach the coordinator by this name; it must be set before the first worker is added.
psql -c "SELECT citus_set_coordinator_host('citus-coordinator', 5432)"
for worker in citus-worker-1 citus-worker-2; do
  psql -c "SELECT citus_add_node('$worker', 5432)"
done
psql -c "SELECT nodename, nodeport, isactive, metadatasynced FROM pg_dist_node ORDER BY groupid"
