#!/bin/bash
# real_peers_test.sh ECHO_SERVER HTTP_SERVER: the servers among the examples,
# with clients that others have written: nc and curl.
set -eu

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# start PROGRAM: in the background, on a port of its own, which is then $port.
start() {
  local output=$TEST_TMPDIR/output
  : >"$output"  # Nothing of the server before.
  # Job control, or a program started in the background would ignore SIGINT.
  set -m
  "$1" 0 >"$output" </dev/null &
  server=$!
  set +m
  # No limit of its own: the test's timeout ends a wait in vain.
  until grep -q "^listening" "$output"; do
    kill -0 "$server" 2>/dev/null || fail "$1 does not run"
    sleep 0.02
  done
  port=$(sed -n 's/^listening on 127.0.0.1:\([0-9]*\).*/\1/p' "$output")
}

stop() {
  kill -INT "$server"
  wait "$server" || fail "the server ended with $?"
}

if ! command -v nc >/dev/null; then
  echo "SKIPPED: nc is not installed (./dev test installs it)"
else
  start "$1"
  head -c 1000000 /dev/urandom >"$TEST_TMPDIR/sent"
  nc -N 127.0.0.1 "$port" <"$TEST_TMPDIR/sent" >"$TEST_TMPDIR/received"
  cmp "$TEST_TMPDIR/sent" "$TEST_TMPDIR/received" || fail "the echo of nc"
  echo "ok: nc has its echo"
  stop
fi

if ! command -v curl >/dev/null; then
  echo "SKIPPED: curl is not installed (./dev test installs it)"
else
  start "$2"
  url=http://127.0.0.1:$port
  [ "$(curl -sS "$url/world")" = "Hello, world! You are number 1." ] ||
    fail "curl"
  # Three requests, of which only the first connects.
  connects=$(curl -sS -o /dev/null -o /dev/null -o /dev/null \
    -w '%{num_connects}' "$url/a" "$url/b" "$url/c")
  [ "$connects" = 100 ] || fail "curl did not keep the connection: $connects"
  [ "$(curl -sS --http1.0 "$url/old")" = "Hello, old! You are number 5." ] ||
    fail "curl --http1.0"
  code=$(curl -sS -o /dev/null -w '%{http_code}' -d body "$url/post")
  [ "$code" = 400 ] || fail "a POST is answered with $code"
  echo "ok: curl has its answers"
  stop
fi
