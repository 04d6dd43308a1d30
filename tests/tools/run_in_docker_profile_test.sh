#!/bin/bash
# run_in_docker_profile_test.sh RUNNER DEMO: in the sandboxes that docker run and
# Kubernetes make, io_uring is refused, and the demonstration runs all the same.
set -uo pipefail
runner=$1
demo=$2
output=$(mktemp)
trap 'rm -f "$output"' EXIT

fail() {
  echo "$profile: $1" >&2
  cat "$output" >&2
  exit 1
}

# refused FUNCTION ARGUMENT...: whether this, of the C library, fails with EPERM.
refused() {
  "$runner" --profile="$profile" python3 -c "import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(0 if libc.$1($2) == -1 and ctypes.get_errno() == 1 else 1)" >"$output" 2>&1
}

for profile in docker containerd; do
  refused syscall '425, 1, 0' || fail "io_uring_setup was not refused with EPERM"
  refused socket '40, 1, 0' || fail "a socket to the host was not refused"
  refused socket '2, 1, 0' && fail "an ordinary socket was refused"

  env -u CRECHE_BACKEND "$runner" --profile="$profile" "$demo" \
    </dev/null >"$output" 2>&1 || fail "the demonstration failed"
  grep -q '300 of 300 clients have their answer' "$output" || fail "no answers"
  grep -q '^The run has ended: OK$' "$output" || fail "it has not ended well"
done

CRECHE_BACKEND=uring "$runner" "$demo" </dev/null >"$output" 2>&1 &&
  fail "io_uring was asked for, and the demonstration ran on something else"
grep -q 'UNAVAILABLE: io_uring is forbidden.*seccomp' "$output" ||
  fail "the reason is not told"
