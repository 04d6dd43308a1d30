# Runs tests in the emulated machine, one by one; what each says comes when it has ended.

# run_test LABEL NUMBER TIMEOUT DIRECTORY PROGRAM [NAME=VALUE]...
run_test() {
  label=$1 own=/tmp/$2 timeout=$3 directory=$4 program=$5
  shift 5
  echo "@@ begin $label"
  mkdir -p "$own" && cd "$directory"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TERM=dumb LANG=C.UTF-8 \
    CRECHE_OWN_KERNEL=1 TEST_SRCDIR="$program.runfiles" TEST_TMPDIR="$own" "$@" \
    timeout --kill-after=5 "$timeout" "$program" </dev/null >"$own.log" 2>&1
  status=$?
  cd / && rm -rf "$own"
  tail -c 100000 "$own.log" && rm "$own.log"
  echo
  echo "@@ end $status"
}

echo "@@ boot $(uname -r)"
