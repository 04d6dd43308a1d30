#!/bin/bash
# Runs a program and checks its exit status and what it prints:
#
#   smoke_test.sh [--expect REGEX]... [--exit-status N]
#                 [--interrupt-when REGEX] -- PROGRAM [ARGUMENT]...
set -u

expected=()
exit_status=0
interrupt_when=
while [ "$1" != -- ]; do
  case $1 in
    --expect) expected+=("$2") ;;
    --exit-status) exit_status=$2 ;;
    --interrupt-when) interrupt_when=$2 ;;
  esac
  shift 2
done
shift

stdout=$TEST_TMPDIR/stdout
# Job control, or a program started in the background would ignore SIGINT.
set -m
"$@" >"$stdout" </dev/null &
program=$!

if [ -n "$interrupt_when" ]; then
  # No limit of its own: the test's timeout ends a wait in vain.
  until grep -qE -- "$interrupt_when" "$stdout"; do
    kill -0 "$program" 2>/dev/null || break
    sleep 0.02
  done
  kill -INT "$program" 2>/dev/null
fi
wait "$program"
status=$?

cat "$stdout"
failed=0
if [ "$status" != "$exit_status" ]; then
  echo "FAIL: exit status $status, expected $exit_status"
  failed=1
fi
for pattern in "${expected[@]}"; do
  if ! grep -qE -- "$pattern" "$stdout"; then
    echo "FAIL: no line of stdout matches: $pattern"
    failed=1
  fi
done
exit $failed
