#!/bin/bash
# http_get, against nginx.
set -u
http_get=$PWD/$1
. examples/servers.sh

mkdir "$TEST_TMPDIR/files"
cd "$TEST_TMPDIR/files" || exit 1
echo hello >new.txt
head -c 3000000 /dev/urandom >large.bin
printf 'before <!--#echo var="no" default="" --> after\n' >page.txt
cd - >/dev/null || exit 1
start_nginx "$TEST_TMPDIR/files"
base=http://127.0.0.1:$port
out=$TEST_TMPDIR/out
log=$TEST_TMPDIR/log

# get URL...: leaves the bodies in $out and the rest in $log.
get() {
  "$http_get" "$@" >"$out" 2>"$log"
}

get "$base/new.txt" "$base/moved" "$base/large.bin" || failed=1
(cd "$TEST_TMPDIR/files" && cat new.txt new.txt large.bin) | cmp - "$out" || failed=1
expect '/new.txt: 200, 6 bytes, connections opened so far: 1$' "$log"
expect '/moved: 200, 6 bytes, connections opened so far: 1$' "$log"
expect '/large.bin: 200, 3000000 bytes, connections opened so far: 1$' "$log"

# "Connection: close".
get "$base/hurry/new.txt" "$base/new.txt" || failed=1
expect '/new.txt: 200, 6 bytes, connections opened so far: 2$' "$log"

# In chunks.
get "$base/ssi/page.txt" "$base/new.txt" || failed=1
expect '^before  after$' "$out"
expect 'connections opened so far: 1$' "$log"

get "$base/loop" && failed=1
expect '^RESOURCE_EXHAUSTED: too many redirects' "$log"
get "$base/nothing" && failed=1
expect '^NOT_FOUND: .*404' "$log"
get "https://127.0.0.1/" && failed=1
expect '^UNIMPLEMENTED: no TLS' "$log"

# A server that says nothing: the request ends in time. nginx, stopped, accepts
# no more, but the kernel does.
kill -STOP "$server"
HTTP_GET_TIMEOUT_MS=100 get "$base/new.txt" && failed=1
kill -CONT "$server"
expect '^DEADLINE_EXCEEDED' "$log"
exit $failed
