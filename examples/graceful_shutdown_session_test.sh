#!/bin/bash
# graceful_shutdown, with a client that is idle and one that is being answered.
set -u
out=$TEST_TMPDIR/out
"$1" 0 >"$out" 2>&1 &
server=$!
trap 'kill -KILL "$server" 2>/dev/null' EXIT
wait_for() { until "$@"; do sleep 0.01; done; }
wait_for grep -q '^listening' "$out"
port=$(sed -n 's/^listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$out")

fail() {
  echo "FAIL: $*"
  cat "$out"
  exit 1
}

exec 4<>"/dev/tcp/127.0.0.1/$port"
exec 5<>"/dev/tcp/127.0.0.1/$port"
echo 'a request' >&5
wait_for grep -q '^working on: a request' "$out"
kill -TERM "$server"

# The idle connection ends while the other one is still being worked for.
read -r -t 10 line <&4 && fail "the idle client read: $line"
grep -q '^answered' "$out" && fail "the idle client had to wait"
(exec 6<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && fail "it still accepts"
read -r -t 10 line <&5
[ "$line" = "done: a request" ] || fail "the busy client read: $line"
read -r -t 10 line <&5 && fail "the busy client read more: $line"

wait "$server" || fail "exit status $?"
grep -q '^stopped: CANCELLED: .*SIGTERM' "$out" || fail "no last word"
