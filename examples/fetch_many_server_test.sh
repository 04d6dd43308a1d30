#!/bin/bash
# fetch_many, against nginx.
set -u
fetch_many=$PWD/$1
. examples/servers.sh

mkdir "$TEST_TMPDIR/files"
echo hello >"$TEST_TMPDIR/files/new.txt"
start_nginx "$TEST_TMPDIR/files"
base=http://127.0.0.1:$port
out=$TEST_TMPDIR/out
log=$TEST_TMPDIR/log

# A thousand; redirects, and connections that nginx closes, among them.
for i in {1..1000}; do
  case $((i % 10)) in
    0) echo "$base/moved" ;;
    1) echo "$base/hurry/new.txt" ;;
    *) echo "$base/new.txt?$i" ;;
  esac
done >"$TEST_TMPDIR/urls"
"$fetch_many" <"$TEST_TMPDIR/urls" >"$out" 2>"$log" || failed=1
expect '1000 of 1000 fetched, 6000 bytes, 0 failed' <(tr '\r' '\n' <"$log")

"$fetch_many" "$base/new.txt" "$base/nothing" "$base/loop" nonsense \
  http://127.0.0.1:1/ >"$out" 2>"$log" && failed=1
expect '1 of 5 fetched, 6 bytes, 4 failed' <(tr '\r' '\n' <"$log")
expect '/nothing: 404$' "$out"
expect '/loop: RESOURCE_EXHAUSTED: .*redirect' "$out"
expect '^nonsense: INVALID_ARGUMENT: ' "$out"
expect '^http://127.0.0.1:1/: UNAVAILABLE: .*connect: .*refused' "$out"
exit $failed
