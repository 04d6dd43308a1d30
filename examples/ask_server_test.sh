#!/bin/bash
# ask, against redis-server, which answers lines.
set -u
. examples/servers.sh

start_redis
out=$TEST_TMPDIR/out
"$1" 127.0.0.1 "$port" PING >"$out" 2>&1 || failed=1
expect '^\+PONG$' "$out"

# Waits for what does not come.
"$1" 127.0.0.1 "$port" 'BLPOP nothing 0' >"$out" 2>&1 && failed=1
expect '^DEADLINE_EXCEEDED: not done after 2s' "$out"

kill "$server"
wait "$server"
server=
"$1" 127.0.0.1 "$port" PING >"$out" 2>&1 && failed=1
expect "^UNAVAILABLE: connect to 127.0.0.1:$port: Connection refused" "$out"
exit $failed
