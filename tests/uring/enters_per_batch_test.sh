#!/bin/bash
# At most one io_uring_enter a batch: as many system calls as waits, apart from
# the few at the start and the end.
set -eu
program=$1
command -v strace >/dev/null || { echo "needs strace"; exit 1; }
trace=$TEST_TMPDIR/trace
waits=$(strace -f -qq -e trace=io_uring_enter -o "$trace" "$program" |
  sed -n 's/^waits: //p')
enters=$(wc -l <"$trace")
echo "$enters system calls, $waits waits"
[ "$waits" -ge 1000 ] && [ "$enters" -le $((waits + 10)) ]
