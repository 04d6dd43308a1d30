#!/bin/bash
# Judges what the compiler said about each case of a source:
#
#   compile_fail_test.sh SOURCE {CASE REGEX LOG}...
#
# The case without a name is the source as it stands, which must compile.
set -u

source=$1
shift
failed=0

fail() {
  echo "FAIL: $1"
  sed 's/^/    /' "$2"
  failed=1
}

# The log without the lines of source that the compiler shows.
messages() { grep -vE '^ *[0-9]* \|' "$1"; }

while [ $# -gt 0 ]; do
  case=$1 pattern=$2 log=$3
  shift 3
  if [ -z "$case" ]; then
    tail -n 1 "$log" | grep -qx 'exit status 0' ||
      fail "$source does not compile as it stands:" "$log"
  elif tail -n 1 "$log" | grep -qx 'exit status 0'; then
    fail "$source compiles with $case defined." "$log"
  elif ! messages "$log" | grep -qE -- "$pattern"; then
    fail "with $case defined, the compiler does not say: $pattern" "$log"
  else
    echo "rejected: $case"
  fi
done
exit $failed
