#!/bin/bash
# sharded_store, with clients on any core, of which each sees what others set.
set -u
. examples/servers.sh

start_on_free_port "$1"

# ask LINE: on a connection of its own.
ask() {
  exec 4<>"/dev/tcp/127.0.0.1/$port"
  echo "$1" >&4
  read -r -t 10 answer <&4
  exec 4<&-
  echo "$answer" >>"$TEST_TMPDIR/answers"
}
for i in {1..20}; do ask "SET key$i value $i"; done
for i in {1..20}; do ask "GET key$i"; done
ask "APPEND key7  and more"
ask "GET key7"
ask COUNT
ask "GET nowhere"
ask "MAKE TEA"
for line in '= value 1' '= value 20' '16' '= value 7 and more' '20' 'nothing' \
  'GET key, SET key value, APPEND key value, or COUNT'; do
  expect "^$line$" "$TEST_TMPDIR/answers"
done

kill -TERM "$server"
wait "$server" || failed=1
server=
expect '^stopped: CANCELLED: .*SIGTERM' "$TEST_TMPDIR/server.log"
exit "$failed"
