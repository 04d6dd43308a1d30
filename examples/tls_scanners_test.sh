#!/bin/bash
# tls_echo, looked at by scanners that know the faults of TLS servers: sslscan
# or testssl.sh, as the last argument says.
set -u
tls_echo=$PWD/$1
https_get=$PWD/$2
scanner=$3
. examples/servers.sh
. examples/tls.sh
need openssl openssl

# scanned TEXT: the scanner found this, word by word.
scanned() {
  grep -qF -- "$1" "$report" && return
  echo "FAIL: the report has no $1:"
  cat "$report"
  failed=1
}

# nothing_else FOUND ALLOWED: all lines of FOUND match ALLOWED, and there are
# some.
nothing_else() {
  [ -n "$1" ] && ! grep -vE -- "$2" <<<"$1" && return
  echo "FAIL: the lines above do not match $2; all of them:"
  echo "$1"
  failed=1
}

run_sslscan() {
  need sslscan sslscan
  sslscan --no-colour --xml="$report" "127.0.0.1:$port" >"$report.log" 2>&1
  scanned '<protocol type="ssl" version="2" enabled="0" />'
  scanned '<protocol type="ssl" version="3" enabled="0" />'
  scanned '<protocol type="tls" version="1.0" enabled="0" />'
  scanned '<protocol type="tls" version="1.1" enabled="0" />'
  scanned '<protocol type="tls" version="1.2" enabled="1" />'
  scanned '<protocol type="tls" version="1.3" enabled="1" />'
  scanned '<renegotiation supported="0"'
  nothing_else "$(grep '<heartbleed' "$report")" 'vulnerable="0"'
  # A key that is used once, and ciphers that nobody calls weak.
  nothing_else "$(grep '<cipher' "$report")" \
    'strength="(strong|acceptable)" curve="25519"'
  nothing_else "$(grep '<cipher' "$report")" \
    'cipher="(TLS|ECDHE-(ECDSA|RSA))_?-?(AES|CHACHA20)'
}

# It takes minutes, most of them its own preparations. LOW is what the ciphers
# of TLS 1.2 with CBC are to testssl.sh.
run_testssl() {
  need testssl testssl.sh
  testssl --quiet --color 0 --nodns none --warnings off --csvfile "$report" \
    --protocols --standard --pfs --vulnerable "127.0.0.1:$port" \
    >"$report.log" 2>&1
  for version in SSLv2 SSLv3 TLS1 TLS1_1; do
    nothing_else "$(grep "^\"$version\"" "$report")" '"not offered"'
  done
  nothing_else "$(grep '^"TLS1_[23]"' "$report")" '"offered'
  nothing_else "$(grep '^"PFS"' "$report")" '"OK","offered"'
  nothing_else "$(grep '^"cipherlist_[^AS]' "$report")" '"not offered"'
  for fault in heartbleed CCS ROBOT secure_client_renego CRIME_TLS SWEET32 \
    FREAK DROWN LOGJAM RC4; do
    nothing_else "$(grep "^\"$fault\"" "$report")" '"OK","not vulnerable'
  done
  nothing_else "$(grep '^"secure_renego"' "$report")" '"OK","supported"'
  nothing_else "$(grep -vE '^"(id|engine_problem|service)"' "$report")" \
    '"(OK|INFO)"|^"(cipherlist_AVERAGE|LUCKY13)",.*"LOW"'
}

for kind in 'ec -pkeyopt ec_paramgen_curve:P-256' rsa:2048; do
  report=$TEST_TMPDIR/${kind%%[ :]*}
  # shellcheck disable=SC2086
  make_certificate $kind
  start_tls_echo "$tls_echo"
  "run_$scanner"
  kill "$server"
  wait "$server" 2>/dev/null
done

# A client of ours does not take what its servers do not offer: the certificate
# of the last kind is good for ciphers without forward secrecy.
run_without_forward_secrecy() {
  exec openssl s_server -quiet -www -tls1_2 -cipher kRSA -cert "$certificate" \
    -key "$key" -accept "127.0.0.1:$1"
}
start_on_free_port run_without_forward_secrecy
"$https_get" "https://localhost:$port/" "$certificate" >"$TEST_TMPDIR/get" 2>&1 &&
  failed=1
expect 'FAILED_PRECONDITION: .*handshake_failure' "$TEST_TMPDIR/get"
exit $failed
