#!/bin/bash
# Suites that use RunMocked() (tests/support/mocked_run.h), once more: each run is
# a guest now.
set -u
log=$TEST_TMPDIR/log
failed=0
for suite in "$@"; do
  CRECHE_TEST_AS_GUEST=1 "$suite" --gtest_filter='-*DeathTest*' >"$log" 2>&1 ||
    failed=1
  grep -E '^\[ +(FAILED|PASSED) +\]|^[^[]*Failure$' "$log"
  grep -q '^The runs are guests\.$' "$log" || {
    echo "FAIL: in $suite there was no guest"
    failed=1
  }
done
exit "$failed"
