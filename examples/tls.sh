# To be sourced by tests of TLS.
#
#   make_certificate [KIND]...   $certificate and $key: PEM files, for localhost
#                      and 127.0.0.1, signed by itself; KIND: what openssl's
#                      -newkey takes, elliptic curve P-256 by default.
#   start_tls_echo PROGRAM   $server: its process; $port; $out: what it says.

make_certificate() {
  certificate=$TEST_TMPDIR/certificate.pem
  key=$TEST_TMPDIR/key.pem
  [ $# -gt 0 ] || set -- ec -pkeyopt ec_paramgen_curve:P-256
  openssl req -x509 -newkey "$@" -nodes \
    -keyout "$key" -out "$certificate" -days 1 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>"$TEST_TMPDIR/req.log" || {
    cat "$TEST_TMPDIR/req.log"
    exit 1
  }
}

start_tls_echo() {
  out=$TEST_TMPDIR/out
  : >"$out"  # Nothing of the server before.
  "$1" 0 "$certificate" "$key" >"$out" 2>&1 &
  server=$!
  until grep -q '^listening' "$out"; do sleep 0.01; done
  port=$(sed -n 's/^listening on 127.0.0.1:\([0-9]*\).*$/\1/p' "$out")
}
