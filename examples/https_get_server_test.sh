#!/bin/bash
# https_get, against nginx and openssl s_server.
set -u
https_get=$PWD/$1
. examples/servers.sh
. examples/tls.sh
need nginx nginx-light
need openssl openssl
make_certificate
mkdir "$TEST_TMPDIR/files"
head -c 3000000 /dev/urandom >"$TEST_TMPDIR/files/large.bin"
out=$TEST_TMPDIR/out
log=$TEST_TMPDIR/log

get() {
  "$https_get" "$@" >"$out" 2>"$log"
}

run_https() {
  exec_nginx <<END
    listen 127.0.0.1:$1 ssl;
    ssl_certificate $certificate;
    ssl_certificate_key $key;
    root $TEST_TMPDIR/files;
END
}
start_on_free_port run_https

get "https://localhost:$port/large.bin" "$certificate" || {
  cat "$log"
  failed=1
}
expect '^HTTP/1.1 200' "$out"
tail -c 3000000 "$out" | cmp - "$TEST_TMPDIR/files/large.bin" || failed=1
get "https://127.0.0.1:$port/nothing" "$certificate" || failed=1
expect '^HTTP/1.1 404' "$out"

# Nobody has signed it; and it is not that name's.
get "https://localhost:$port/" && failed=1
expect '^UNAUTHENTICATED: .*localhost.*self-signed' "$log"
get "https://127.0.0.2:$port/" "$certificate" && failed=1
kill "$server"
wait "$server" 2>/dev/null

# A server without TLS says so.
start_nginx "$TEST_TMPDIR/files"
get "https://localhost:$port/" "$certificate" && failed=1
expect '^FAILED_PRECONDITION: .*plain HTTP' "$log"
kill "$server"
wait "$server" 2>/dev/null

run_s_server() {
  exec openssl s_server -accept "127.0.0.1:$2" -cert "$certificate" \
    -key "$key" -www -quiet "$1"
}
for version in -tls1_2 -tls1_3; do
  start_on_free_port run_s_server "$version"
  get "https://localhost:$port/" "$certificate" || {
    cat "$log"
    failed=1
  }
  expect '^HTTP/1.0 200' "$out"
  kill "$server"
  wait "$server" 2>/dev/null
done

# No version in common.
run_old() {
  exec openssl s_server -accept "127.0.0.1:$1" -cert "$certificate" \
    -key "$key" -quiet -tls1_1 -cipher 'ALL:@SECLEVEL=0'
}
start_on_free_port run_old
get "https://localhost:$port/" "$certificate" && failed=1
expect '^FAILED_PRECONDITION: ' "$log"
exit $failed
