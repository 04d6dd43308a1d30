#!/bin/bash
# supervisor: starts again, reloads on SIGHUP, drains on SIGTERM.
set -u
supervisor=$1
log=$TEST_TMPDIR/log

# Whether there is a process of whose command line $1 is a part. (Written as
# 410[1], it is none of the grep's own.)
is_running() { grep -qs "$1" /proc/[0-9]*/cmdline; }

fail() {
  cat "$log"
  kill -KILL "$pid" 2>/dev/null
  echo "FAIL: $*"
  exit 1
}

wait_for() {  # until COUNT lines of the log match PATTERN
  for _ in {1..1000}; do
    [ "$(grep -c "$2" "$log")" -ge "$1" ] && return
    sleep 0.01
  done
  fail "not $1 times: $2"
}

"$supervisor" sh -c 'sleep 4101 & wait' >"$log" 2>&1 &
pid=$!
wait_for 1 '^start '
kill -HUP "$pid"
wait_for 1 '^reload$'
wait_for 2 '^start '
kill -TERM "$pid"
wait "$pid" || fail "it ended badly"
wait_for 1 '^stopped: OK$'
is_running '410[1]' && fail "a sleep is left"

"$supervisor" false >"$log" 2>&1 &
pid=$!
wait_for 3 '^start '
wait_for 2 'exit code 1'
kill -TERM "$pid"
wait "$pid" || fail "it ended badly"

"$supervisor" /no/such/program >"$log" 2>&1 && fail "it did not give up"
grep -q '^stopped: NOT_FOUND' "$log" || fail "it did not say why"
