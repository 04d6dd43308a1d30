#!/bin/bash
# parallel_copy: all files, or an error; and no half of a file.
set -u
copy=$1
from=$TEST_TMPDIR/from
mkdir -p "$from/deep/deeper"
for i in {1..50}; do echo "file $i" >"$from/deep/$i"; done
head -c 5000000 /dev/urandom >"$from/deep/deeper/large"
: >"$from/empty"

fail() {
  echo "FAIL: $*"
  exit 1
}

"$copy" "$from" "$TEST_TMPDIR/to" || fail "it did not copy"
diff -r "$from" "$TEST_TMPDIR/to" || fail "the copy differs"

# One that cannot be written: its place is taken by a directory.
mkdir -p "$TEST_TMPDIR/blocked/deep/7"
"$copy" "$from" "$TEST_TMPDIR/blocked" 2>"$TEST_TMPDIR/log" &&
  fail "it did not notice"
cat "$TEST_TMPDIR/log"
[ -z "$(find "$TEST_TMPDIR/blocked" -name '*.partial')" ] ||
  fail "there is half of a file"
"$copy" "$TEST_TMPDIR/nowhere" "$TEST_TMPDIR/to2" 2>/dev/null &&
  fail "it copied what is not there"

# Cancelled in the middle, wherever that is.
for i in 1 2 3 4 5; do
  "$copy" "$from" "$TEST_TMPDIR/cancelled$i" >/dev/null 2>&1 &
  sleep "0.0$i"
  kill -TERM $! 2>/dev/null
  wait $!
  [ -z "$(find "$TEST_TMPDIR/cancelled$i" -name '*.partial' 2>/dev/null)" ] ||
    fail "there is half of a file"
done
