#!/bin/bash
# pg_tail, against PostgreSQL, which goes away meanwhile and comes back.
set -u
pg_tail=$PWD/$1
. examples/servers.sh

start_postgres
out=$TEST_TMPDIR/out
"$pg_tail" "$conninfo" news >"$out" 2>"$TEST_TMPDIR/log" &
tail=$!

notify() { psql "$conninfo" -qc "NOTIFY news, '$1'" 2>/dev/null; }

# wait_for COUNT REGEX: so many lines of the output match.
wait_for() {
  for _ in {1..1000}; do
    [ "$(grep -c "$2" "$out")" -ge "$1" ] && return
    sleep 0.01
  done
  expect "$2" "$out"
  failed=1
}

wait_for 1 '^listening to news$'
notify 'number 1'
wait_for 1 '^news: number 1$'

in_postgres pg_ctl restart -m immediate
wait_for 2 '^listening to news$'
expect '^UNAVAILABLE: ' "$TEST_TMPDIR/log"
notify 'number 2'
wait_for 1 '^news: number 2$'

# What was sent before the signal is printed, even if it was not read yet: more
# than one read takes.
kill -STOP "$tail"
psql "$conninfo" -qc "DO 'BEGIN FOR i IN 1..3000 LOOP
  PERFORM pg_notify(''news'', ''row '' || i); END LOOP; END'"
kill -TERM "$tail"
kill -CONT "$tail"
wait "$tail" || failed=1
[ "$(grep -c '^news: row' "$out")" -eq 3000 ] || failed=1
expect '^news: row 3000$' "$out"
expect '^stopped: CANCELLED: .*SIGTERM' "$out"

# Where there is nothing to hope for, it does not try again.
"$pg_tail" nonsense news >"$out" 2>&1 && failed=1
expect '^stopped: INVALID_ARGUMENT: ' "$out"
"$pg_tail" "$conninfo dbname=nothing" news >"$out" 2>&1 && failed=1
expect '^stopped: NOT_FOUND: .*nothing' "$out"
exit $failed
