#!/bin/bash
# creche_gdb_test.sh SCRIPT PROGRAM SOURCE: the commands of gdb, on a process
# that is stopped and on its core file, say what DumpTasks() says.
set -u
script=$(realpath "$1")
program=$(realpath "$2")
source=$3
export HOME=$TEST_TMPDIR DEBUGINFOD_URLS=
failed=0
fail() {
  echo "FAIL: $*"
  failed=1
}
command -v gdb >/dev/null || { echo "FAIL: no gdb: apt-get install gdb"; exit 1; }

# line COMMENT: the number of the line that has it.
line() { grep -n "// $1" "$source" | cut -d: -f1; }

# in_gdb FILE ARGUMENT...: what gdb prints.
in_gdb() {
  timeout 100 gdb -nx -batch -iex 'set print thread-events off' \
    -ex "source $script" "${@:2}" >"$TEST_TMPDIR/$1" 2>&1
}

# expect REGEX FILE
expect() {
  grep -qE -- "$1" "$TEST_TMPDIR/$2" && return
  fail "no line matches $1 in:"
  cat "$TEST_TMPDIR/$2"
}

# tree FILE: a tree without what only one of the two knows.
tree() {
  grep -aE '^ *(task |nursery|cancel scope)' "$1" |
    sed -E 's/^ *//; s/task [0-9]+/task/; s/deadline in [0-9a-z.]+/deadline/
            s/has a deadline/deadline/; s/\xEF\xBF\xBD/\xFF/g
            s/ \((can run|is new|is being cancelled)\)//'
}

# check FUNCTION NAME: stops there, and looks at the process, and at its core
# file, and in that at the task with the name: it is in "backtrace" then.
check() {
  local function=$1 core=$TEST_TMPDIR/$1.core id seen
  in_gdb live -ex "break $function" -ex run -ex finish -ex 'echo tasks:\n' \
    -ex 'creche tasks' -ex "generate-core-file $core" -ex kill "$program"
  # The last that the program said.
  awk '/^while / { said = "" } /^tasks:/ { exit } { said = said $0 "\n" }
       END { print said }' "$TEST_TMPDIR/live" >"$TEST_TMPDIR/said"
  sed -n '/^tasks:/,$p' "$TEST_TMPDIR/live" >"$TEST_TMPDIR/shown"
  id=$(sed -nE "s/^ *task ([0-9]+) '$2'.*/\1/p" "$TEST_TMPDIR/shown")
  in_gdb core -ex 'creche tasks' -ex 'echo backtrace:\n' -ex "creche bt $id" \
    -ex 'creche bt' -ex 'creche bt 999999999' "$program" "$core"
  sed -n '/^backtrace:/,$p' "$TEST_TMPDIR/core" >"$TEST_TMPDIR/backtrace"
  sed -i '/^backtrace:/,$d' "$TEST_TMPDIR/core"
  tree "$TEST_TMPDIR/said" >"$TEST_TMPDIR/expected"
  [ "$(wc -l <"$TEST_TMPDIR/expected")" -ge 8 ] ||
    fail "$function: DumpTasks() says nothing"
  for seen in shown core; do
    tree "$TEST_TMPDIR/$seen" | diff -a "$TEST_TMPDIR/expected" - ||
      { fail "$function, $seen: not what DumpTasks() says";
        cat "$TEST_TMPDIR/live" "$TEST_TMPDIR/$seen"; }
  done
}

check StopWhileAllWait sleeper
expect "^task [0-9]+ 'sleeper' waits for SleepFor$" backtrace
expect "^#0 .*SleepLong.* at .*:$(line Innermost)$" backtrace
expect '^ +co_await creche::SleepFor\(absl::Hours\(1\)\);  // Innermost' backtrace
expect "^#1 .*SleepForAWhile.* at .*:$(line 'In between')$" backtrace
expect '^#2 .*SleepInAScope.* at ' backtrace
grep -q 'Frame' "$TEST_TMPDIR/backtrace" && fail "a function of the compiler's"
[ "$(grep -c '^#' "$TEST_TMPDIR/backtrace")" = 3 ] || fail "not three frames"
expect 'creche bt N: N is the number of a task' backtrace
expect 'there is no task 999999999' backtrace

check StopWhileATaskRuns worker
expect "^task [0-9]+ 'worker' is running\$" backtrace
expect '^its innermost call is on the stack: thread 1, bt' backtrace
expect "^#0 .*CallCompute.* at .*:$(line Calls)$" backtrace

in_gdb nothing -ex 'creche tasks' "$program"
expect 'there is no process, and no core file' nothing
exit $failed
