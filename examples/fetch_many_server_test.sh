#!/bin/bash
# fetch_many, against nginx, and a server that never answers its first request.
set -u
fetch_many=$PWD/$1
. examples/servers.sh

mkdir "$TEST_TMPDIR/files"
echo hello >"$TEST_TMPDIR/files/new.txt"
start_nginx "$TEST_TMPDIR/files"
base=http://127.0.0.1:$port
out=$TEST_TMPDIR/out
log=$TEST_TMPDIR/log

# A thousand; redirects, and connections that nginx closes, among them.
for i in {1..1000}; do
  case $((i % 10)) in
    0) echo "$base/moved" ;;
    1) echo "$base/hurry/new.txt" ;;
    *) echo "$base/new.txt?$i" ;;
  esac
done >"$TEST_TMPDIR/urls"
"$fetch_many" <"$TEST_TMPDIR/urls" >"$out" 2>"$log" || failed=1
expect '1000 of 1000 fetched, 6000 bytes, 0 failed' <(tr '\r' '\n' <"$log")

"$fetch_many" "$base/new.txt" "$base/nothing" "$base/loop" nonsense \
  http://127.0.0.1:1/ >"$out" 2>"$log" && failed=1
expect '1 of 5 fetched, 6 bytes, 4 failed' <(tr '\r' '\n' <"$log")
expect '/nothing: 404$' "$out"
expect '/loop: RESOURCE_EXHAUSTED: .*redirect' "$out"
expect '^nonsense: INVALID_ARGUMENT: ' "$out"
expect '^http://127.0.0.1:1/: UNAVAILABLE: .*connect: .*refused' "$out"

# Ends when that first request is gone, and prints so.
cat >"$TEST_TMPDIR/lazy.py" <<'END'
import http.server
import threading

is_first = threading.Lock()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if is_first.acquire(blocking=False):
            assert not self.connection.recv(1)
            print('the first request is gone', flush=True)
            threading.Thread(target=server.shutdown).start()
            return
        self.send_response(200)
        self.send_header('Content-Length', '6')
        self.end_headers()
        self.wfile.write(b'hello\n')

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print('port', server.server_address[1], flush=True)
server.serve_forever()
END
need python3 python3
python3 "$TEST_TMPDIR/lazy.py" >"$TEST_TMPDIR/lazy" 2>/dev/null &
lazy=$!
until grep -q '^port' "$TEST_TMPDIR/lazy"; do sleep 0.02; done
port=$(sed -n 's/^port //p' "$TEST_TMPDIR/lazy")
# Before the first request would be given up for another try.
timeout 8 "$fetch_many" --hedge=200 "http://127.0.0.1:$port/" \
  >"$out" 2>"$log" || failed=1
expect '1 of 1 fetched, 6 bytes, 0 failed \(1 hedged\)' <(tr '\r' '\n' <"$log")
wait "$lazy"
expect '^the first request is gone$' "$TEST_TMPDIR/lazy"

# What is answered in time is asked once.
"$fetch_many" --hedge=8000 "$base/new.txt" "$base/moved" >"$out" 2>"$log" ||
  failed=1
expect '2 of 2 fetched, 12 bytes, 0 failed \(0 hedged\)' <(tr '\r' '\n' <"$log")
"$fetch_many" --hedge=soon "$base/new.txt" >"$out" 2>&1
[ $? -eq 2 ] || failed=1
exit $failed
