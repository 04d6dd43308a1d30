#!/bin/bash
# tls_echo and https_get, with peers whose TLS is not OpenSSL's (GnuTLS), or who
# mind how a connection ends (Trio's SSLStream).
set -u
tls_echo=$PWD/$1
https_get=$PWD/$2
trio_peer=$PWD/examples/trio_tls_peer.py
. examples/servers.sh
. examples/tls.sh
need gnutls-cli gnutls-bin
need openssl openssl
make_certificate
start_tls_echo "$tls_echo"

# gnutls NAME INPUT ARGUMENT...: sends each line of INPUT when the one before it
# is answered. What the client says is in $TEST_TMPDIR/NAME then.
gnutls() {
  local answer=$TEST_TMPDIR/$1
  : >"$answer"
  say "$2" "$answer" |
    timeout 20 gnutls-cli --x509cafile="$certificate" -p "$port" localhost \
      "${@:3}" >>"$answer" 2>&1
}

say() {
  local line lines=0
  while read -r line; do
    echo "$line"
    lines=$((lines + 1))
    # Not for ever: the client may have failed.
    for _ in {1..250}; do
      [ "$(grep -cE '^(one|two|- Rekey)' "$2")" -ge $lines ] && break
      sleep 0.02
    done
  done <<<"$1"
}

gnutls tls13 $'one\n^rekey^\ntwo' --inline-commands || failed=1
expect '^- Rekey was completed' "$TEST_TMPDIR/tls13"
expect '^two$' "$TEST_TMPDIR/tls13"
gnutls tls12 one --priority NORMAL:-VERS-ALL:+VERS-TLS1.2 || failed=1
expect '^one$' "$TEST_TMPDIR/tls12"
gnutls resumed one --resume --waitresumption || failed=1
expect '^\*\*\* This is a resumed session' "$TEST_TMPDIR/resumed"
timeout 20 gnutls-cli --x509cafile="$certificate" -p "$port" localhost \
  --priority NORMAL:-VERS-ALL:+VERS-TLS1.1 \
  </dev/null >"$TEST_TMPDIR/old" 2>&1 && failed=1
expect 'protocol version' "$TEST_TMPDIR/old"
/usr/bin/python3 "$trio_peer" client "$port" "$certificate" || failed=1
kill "$server"
wait "$server" 2>/dev/null

# get: what https_get gets from the server.
get() {
  "$https_get" "https://localhost:$port/" "$certificate" >"$out" 2>&1 || {
    cat "$out"
    failed=1
  }
  expect "^HTTP/1.[01] 200" "$out"
}

run_gnutls() {
  exec gnutls-serv --http --quiet --disable-client-cert \
    --x509certfile "$certificate" --x509keyfile "$key" --priority "$1" \
    --port "$2"
}
for version in 1.2 1.3; do
  start_on_free_port run_gnutls "NORMAL:-VERS-ALL:+VERS-TLS$version"
  get
  kill "$server"
  wait "$server" 2>/dev/null
done

run_trio() {
  exec /usr/bin/python3 "$trio_peer" server "$1" "$certificate" "$key"
}
start_on_free_port run_trio
get
[ "$(wc -c <"$out")" -gt 500000 ] || failed=1
exit $failed
