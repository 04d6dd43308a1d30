#!/bin/bash
# Judges what the compiler said about each case of a source:
#
#   compile_fail_test.sh SOURCE WITHIN {CASE REGEX LINES LOG}...
#
# REGEX must match one of the first WITHIN lines that the compiler says; 0: any.
# The case without a name is the source as it stands, which must compile. If
# LINES is not empty, the compiler must say REGEX of each line of the source that
# matches it.
set -u

source=$1 within=$2
shift 2
failed=0

fail() {
  echo "FAIL: $1"
  sed 's/^/    /' "$2"
  failed=1
}

# The log without the lines of source that the compiler shows.
messages() { grep -vE '^ *[0-9]* \|' "$1"; }

first_messages() {
  if [ "$within" -eq 0 ]; then messages "$1"; else messages "$1" | head -n "$within"; fi
}

# Those that match $lines and of which the compiler does not say $pattern.
accepted_lines() {
  grep -nE -- "$lines" "$source" | while IFS=: read -r number text; do
    messages "$log" | grep -qE -- "^$source:$number:.*($pattern)" ||
      echo "$number: $text"
  done
}

while [ $# -gt 0 ]; do
  case=$1 pattern=$2 lines=$3 log=$4
  shift 4
  if [ -z "$case" ]; then
    tail -n 1 "$log" | grep -qx 'exit status 0' ||
      fail "$source does not compile as it stands:" "$log"
  elif tail -n 1 "$log" | grep -qx 'exit status 0'; then
    fail "$source compiles with $case defined." "$log"
  elif ! first_messages "$log" | grep -qE -- "$pattern"; then
    fail "with $case defined, the compiler does not say: $pattern" "$log"
  elif [ -n "$lines" ] && [ -n "$(accepted_lines)" ]; then
    echo "FAIL: with $case defined, the compiler accepts these lines:"
    accepted_lines
    failed=1
  else
    echo "rejected: $case"
  fi
done
exit $failed
