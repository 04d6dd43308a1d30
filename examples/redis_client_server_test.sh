#!/bin/bash
# redis_client, against redis-server.
set -u
. examples/servers.sh

start_redis
out=$TEST_TMPDIR/out
"$1" 127.0.0.1 "$port" >"$out" 2>&1 || failed=1
cat "$out"
expect '^greeting: 12 bytes$' "$out"
expect '^counter: 1000$' "$out"
expect '^given up: DEADLINE_EXCEEDED' "$out"
expect '^refused: INVALID_ARGUMENT: redis: ERR value is not an integer' "$out"
expect '^greeting: 12 bytes, over connection 2$' "$out"
exit $failed
