#!/bin/bash
# chat_server, with three clients of bash's.
set -u
out=$TEST_TMPDIR/out
set -m  # Or a program in the background would ignore SIGINT.
"$1" 0 >"$out" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null' EXIT

# wait_for COMMAND...: until it succeeds; the test's timeout ends a wait in vain.
wait_for() { until "$@"; do sleep 0.01; done; }
wait_for grep -q '^listening' "$out"
port=$(sed -n 's/^listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$out")

# said WHO FD TEXT...: reads lines until one is TEXT.
said() {
  local line
  while read -r -t 10 -u "$2" line; do
    [ "$line" = "$3" ] && return
  done
  echo "FAIL: $1 never read: $3"
  exit 1
}

exec 4<>"/dev/tcp/127.0.0.1/$port"
exec 5<>"/dev/tcp/127.0.0.1/$port"
exec 6<>"/dev/tcp/127.0.0.1/$port"
said ada 4 '* your name?'
echo ada >&4
said ada 4 '*: ada has come'
echo grace >&5
said ada 4 '*: grace has come'
printf 'barbara\r\n' >&6
said ada 4 '*: barbara has come'
echo 'hello, everyone' >&4
said grace 5 'ada: hello, everyone'
said barbara 6 'ada: hello, everyone'
exec 5>&-
said ada 4 '*: grace has gone'
# A line without end: out.
head -c 5000 /dev/zero | tr '\0' x >&6
said ada 4 '*: barbara has gone'
wait_for grep -q 'RESOURCE_EXHAUSTED' "$out"

kill -INT "$server"
wait "$server" || { echo "FAIL: exit status $?"; exit 1; }
cat "$out"
grep -q '^stopped: CANCELLED: .*SIGINT' "$out"
