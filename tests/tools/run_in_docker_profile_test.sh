#!/bin/bash
# run_in_docker_profile_test.sh RUNNER DEMO: in the sandbox that docker run makes,
# io_uring is refused, and the demonstration runs all the same.
set -uo pipefail
runner=$1
demo=$2
output=$(mktemp)
trap 'rm -f "$output"' EXIT

fail() {
  echo "$1" >&2
  cat "$output" >&2
  exit 1
}

setup='import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(0 if libc.syscall(425, 1, 0) == -1 and ctypes.get_errno() == 1 else 1)'
"$runner" python3 -c "$setup" >"$output" 2>&1 ||
  fail "io_uring_setup was not refused with EPERM"

env -u CRECHE_BACKEND "$runner" "$demo" </dev/null >"$output" 2>&1 ||
  fail "the demonstration failed"
grep -q '300 of 300 clients have their answer' "$output" || fail "no answers"
grep -q '^The run has ended: OK$' "$output" || fail "it has not ended well"

CRECHE_BACKEND=uring "$runner" "$demo" </dev/null >"$output" 2>&1 &&
  fail "io_uring was asked for, and the demonstration ran on something else"
grep -q 'UNAVAILABLE: io_uring is forbidden.*seccomp' "$output" ||
  fail "the reason is not told"
