#!/bin/bash
# Suites that use RunMocked() (tests/support/mocked_run.h), with tasks in other
# orders than that in which they become runnable.
set -u
log=$TEST_TMPDIR/log
failed=0
for suite in "$@"; do
  for seed in 1 2 3 4 5 6 7 8; do
    CRECHE_SCHEDULE_SEED=$seed "$suite" --gtest_filter='-*DeathTest*' >"$log" 2>&1 || {
      failed=1
      echo "FAIL: $suite, CRECHE_SCHEDULE_SEED=$seed"
      grep -E '^\[ +FAILED +\]|^[^[]*Failure$' "$log"
    }
    grep -q '^Tasks run in a shuffled order\.$' "$log" || {
      echo "FAIL: in $suite nothing was shuffled"
      failed=1
    }
  done
done
exit "$failed"
