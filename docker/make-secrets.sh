#!/bin/sh
# Makes the password of the Citus servers, once. The folder is private; the file itself is readable, because
# Compose mounts it with its own mode and the servers and the worker run as different users.
set -eu
cd "$(dirname "$0")/secrets"
chmod 700 .
if [ ! -s citus-password ]; then
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n=' > citus-password
  chmod 644 citus-password
fi
