#!/bin/bash
# small_service, between curl, PostgreSQL and nginx.
set -u
small_service=$PWD/$1
. examples/servers.sh
need curl curl

kOrders=100
mkdir -p "$TEST_TMPDIR/files/prices" "$TEST_TMPDIR/answers"
for ((i = 1; i <= kOrders; ++i)); do
  echo $((i * 10)) >"$TEST_TMPDIR/files/prices/$((i + 1000))"
done
start_nginx "$TEST_TMPDIR/files"
nginx=http://127.0.0.1:$port
start_postgres
psql "$conninfo" -q <<END || failed=1
  CREATE TABLE orders (id int, item int, quantity int);
  INSERT INTO orders SELECT n, n + 1000, 3 FROM generate_series(1, $kOrders) n;
  INSERT INTO orders VALUES (777, 777, 3);
END

# start_service NAME PRICES DEADLINE_MS: sets pid, url, page.
start_service() {
  out=$TEST_TMPDIR/$1.out
  "$small_service" 0 0 "$conninfo" "$2" "$3" >"$out" 2>"$TEST_TMPDIR/$1.log" &
  pid=$!
  until grep -q '^debug page' "$out"; do sleep 0.02; done
  url=http://$(sed -n 's/^listening on //p' "$out")
  page=$(sed -n 's/^debug page: //p' "$out")
}

stop_service() {
  kill -TERM "$pid"
  wait "$pid" || failed=1
  expect '^stopped: CANCELLED: .*SIGTERM' "$out"
}

get() { curl -sS -w '%{http_code}\n' "$1" >"$TEST_TMPDIR/answer"; }

start_service quick "$nginx/prices" 20000
# Many at a time, and each has its own answer.
curl -sS --parallel --parallel-max 20 "$url/orders/[1-$kOrders]" \
  -o "$TEST_TMPDIR/answers/#1" 2>/dev/null || failed=1
for ((i = 1; i <= kOrders; ++i)); do
  echo "order $i: 3 of item $((i + 1000)) at $((i * 10)): $((i * 30))"
done >"$TEST_TMPDIR/expected"
for ((i = 1; i <= kOrders; ++i)); do
  echo "$(<"$TEST_TMPDIR/answers/$i")"
done | diff "$TEST_TMPDIR/expected" - || failed=1
get "$url/orders/101" && expect '^404$' "$TEST_TMPDIR/answer"
get "$url/orders/x" && expect '^404$' "$TEST_TMPDIR/answer"
get "$url/orders/777" && expect '^503$' "$TEST_TMPDIR/answer"
expect 'order 777: UNAVAILABLE: no price of item 777: HTTP 404' \
  "$TEST_TMPDIR/quick.log"
get "${page}state.json" && expect '"debug page"' "$TEST_TMPDIR/answer"

# A request that waits for the database when SIGTERM comes is answered.
coproc psql "$conninfo" -qAt 2>&1
echo "BEGIN; LOCK TABLE orders; SELECT 'locked';" >&"${COPROC[1]}"
read -r _ <&"${COPROC[0]}"
get "$url/orders/1" &
curl=$!
until psql "$conninfo" -Atc \
  "SELECT 'waits' FROM pg_stat_activity WHERE wait_event_type = 'Lock'" |
  grep -q waits; do
  sleep 0.02
done
kill -TERM "$pid"
until ! curl -sS "$url/orders/2" >/dev/null 2>&1; do sleep 0.02; done
printf 'COMMIT;\n\\q\n' >&"${COPROC[1]}"
wait "$curl"
expect '^order 1: ' "$TEST_TMPDIR/answer"
wait "$pid" || failed=1
expect '^stopped: CANCELLED: .*SIGTERM' "$out"

# A price that takes for ever is given up in time, and its request answered.
start_service slow "$nginx/slow/prices" 300
SECONDS=0
get "$url/orders/1" && expect '^504$' "$TEST_TMPDIR/answer"
[ "$SECONDS" -lt 5 ] || failed=1
stop_service
exit $failed
