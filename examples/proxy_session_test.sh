#!/bin/bash
# The debug page of the proxy, as curl and Python see it.
set -u
proxy=$PWD/$1
. examples/servers.sh
need curl curl
need python3 python3

out=$TEST_TMPDIR/out
"$proxy" --debug-page=0 0 >"$out" 2>&1 &
server=$!
until grep -q '^listening' "$out" && grep -q '^debug page' "$out"; do
  sleep 0.01
done
page=$(sed -n 's/^debug page: //p' "$out")

curl -sS "$page" >"$TEST_TMPDIR/page"
expect '<title>creche' "$TEST_TMPDIR/page"
for path in state.json trace.json; do
  curl -sS "$page$path" >"$TEST_TMPDIR/$path"
done
curl -sS -H 'Host: evil.example' "${page}state.json" >"$TEST_TMPDIR/refused"
expect '^ask for localhost' "$TEST_TMPDIR/refused"

cd "$TEST_TMPDIR" && python3 - <<'END' || failed=1
import json
with open('state.json') as file:
    state = json.load(file)
lines = state['tree']
assert lines[0]['name'] == 'main', lines[0]
assert lines[0]['waits_for'] == 'AcceptOne' or lines[0]['at'], lines[0]
assert any(line.get('name') == 'debug page' for line in lines), lines
assert all('examples/' in at['file'] or 'creche/' in at['file'] or
           'lib/' in at['file']
           for line in lines for at in line.get('at', [])), lines
assert state['statistics']['tasks_living'] == sum(
    line['kind'] == 'task' for line in lines), state
with open('trace.json') as file:
    events = json.load(file)['traceEvents']
assert any(event['name'] == 'debug page' for event in events), events
END
exit $failed
