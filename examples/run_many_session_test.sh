#!/bin/bash
# run_many: each command's outcome, no more time than it may take, nobody left.
set -u
run_many=$1
log=$TEST_TMPDIR/log

# Whether there is a process of whose command line $1 is a part. (Written as
# 400[1], it is none of the grep's own.)
is_running() { grep -qs "$1" /proc/[0-9]*/cmdline; }

fail() {
  cat "$log"
  echo "FAIL: $*"
  exit 1
}

printf 'true\nexit 3\nsleep 4001 & wait\n' | timeout 60 "$run_many" 2 1 >"$log" ||
  fail "it has failed"
grep -q '^\[.\] true: OK$' "$log" || fail "true is not OK"
grep -q 'exit 3: .*exit code 3' "$log" || fail "the failure is not told"
grep 'sleep 4001 & wait: ' "$log" | grep -qv ': OK$' ||
  fail "the timeout is not told"
grep -q '^3 have ended, 2 of them badly$' "$log" || fail "it has not counted"
is_running '400[1]' && fail "a sleep is left"

# Interrupted: so are the commands, and what they have started.
(echo 'sleep 4002 & wait'; sleep 10) | "$run_many" 2 60 >"$log" 2>&1 &
for _ in {1..500}; do
  is_running 'sleep.*400[2]' && break
  sleep 0.01
done
kill -TERM $!
for _ in {1..500}; do
  is_running '400[2]' || exit 0
  sleep 0.01
done
fail "a sleep is left after SIGTERM"
