#!/bin/bash
# tls_echo, with clients that are not creche's: openssl, curl and Python.
set -u
tls_echo=$PWD/$1
. examples/servers.sh
. examples/tls.sh
need openssl openssl
make_certificate
start_tls_echo "$tls_echo"

# client NAME ARGUMENT...: what is typed comes back.
client() {
  local answer=$TEST_TMPDIR/$1
  (echo hello; sleep 1) |
    timeout 20 openssl s_client -connect "127.0.0.1:$port" -quiet -no_ign_eof \
      -verify_return_error -CAfile "$certificate" "${@:2}" \
      >"$answer" 2>"$answer.log"
  grep -qx hello "$answer" && return
  echo "FAIL: $*"
  cat "$answer" "$answer.log" "$out"
  failed=1
}

client tls13 -tls1_3
client tls12 -tls1_2
client chacha -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256
expect '^a client, with TLS_CHACHA20_POLY1305_SHA256$' "$out"
client no_ticket -no_ticket

# A session is resumed.
client first -sess_out "$TEST_TMPDIR/session" -tls1_2
client second -sess_in "$TEST_TMPDIR/session" -tls1_2

# Python's ssl closes with a notice, and wants one.
if command -v python3 >/dev/null; then
  python3 - "$port" "$certificate" <<'END' || failed=1
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20) as s:
    with context.wrap_socket(s, server_hostname="localhost",
                             suppress_ragged_eofs=False) as tls:
        tls.sendall(b"x" * 300000)
        received = b""
        while len(received) < 300000:
            received += tls.recv(65536)
        assert received == b"x" * 300000
        tls.unwrap()
END
fi

# What is no TLS ends that connection only.
printf 'GET / HTTP/1.1\r\n\r\n' | timeout 20 nc -N 127.0.0.1 "$port" >/dev/null
client after

# reload RESULT: the server reads its files again.
reload() {
  : >"$out"
  kill -HUP "$server"
  until grep -q '^read the certificate again' "$out"; do sleep 0.01; done
  expect "^read the certificate again: $1" "$out"
}

# A new certificate is for those who come then; who is there keeps the old one.
coproc early {
  exec openssl s_client -connect "127.0.0.1:$port" -quiet -no_ign_eof \
    -verify_return_error -CAfile "$certificate" 2>"$TEST_TMPDIR/early.log"
}
echo_early() {
  echo "$1" >&"${early[1]}"
  read -r -t 20 answer <&"${early[0]}"
  [ "$answer" = "$1" ] && return
  echo "FAIL: the early client gets '$answer' for '$1'"
  failed=1
}
echo_early 'before the reload'
make_certificate
reload OK
client reloaded
echo_early 'after the reload'

# Files that are no good change nothing.
echo garbage >"$key"
reload "INVALID_ARGUMENT: $key"
client unchanged
echo_early 'after another'

kill -INT "$server"
wait "$server" || failed=1
expect '^stopped: CANCELLED: .*SIGINT' "$out"
exit $failed
