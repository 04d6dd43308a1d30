#!/bin/bash
# watch_directory: what was there, and what changes.
set -u
watch=$1
log=$TEST_TMPDIR/log
directory=$TEST_TMPDIR/watched
mkdir -p "$directory"
touch "$directory/old"

fail() {
  cat "$log"
  kill -KILL "$pid" 2>/dev/null
  echo "FAIL: $*"
  exit 1
}

wait_for() {
  for _ in {1..1000}; do
    grep -q "$1" "$log" && return
    sleep 0.01
  done
  fail "it did not say: $1"
}

"$watch" "$directory" >"$log" 2>&1 &
pid=$!
wait_for '^there is old$'
wait_for '^watching '
echo text >"$directory/new"
rm "$directory/old"
wait_for '^created new$'
wait_for '^written new$'
wait_for '^deleted old$'
kill -TERM "$pid"
wait "$pid" || fail "it ended badly"
wait_for '^stopped: CANCELLED: .*SIGTERM'

"$watch" "$directory/missing" >"$log" 2>&1 && fail "it watches what is not there"
grep -q '^stopped: NOT_FOUND: watch ' "$log" || fail "it did not say why"
