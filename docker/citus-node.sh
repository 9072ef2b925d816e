#!/bin/bash
# Starts a Citus server whose sessions to the other servers find the password in a file of PostgreSQL's own format.
# (The image's own way is the environment variable PGPASSWORD, which everyone who inspects the container reads.)
set -eu
password=$(cat "$POSTGRES_PASSWORD_FILE")
escaped=${password//\\/\\\\}
escaped=${escaped//:/\\:}
umask 077
printf '*:*:*:*:%s\n' "$escaped" > "$PGPASSFILE"
chown postgres:postgres "$PGPASSFILE"
exec docker-entrypoint.sh "$@"
