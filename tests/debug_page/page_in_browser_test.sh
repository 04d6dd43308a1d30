#!/bin/bash
# page_in_browser_test.sh PROXY: the debug page in a real browser: it shows the
# tree and the histograms, and nothing is wrong in its script.
set -u
export HOME=$TEST_TMPDIR
failed=0
fail() {
  echo "FAIL: $*"
  failed=1
}
command -v chromium >/dev/null ||
  { echo "FAIL: no chromium: apt-get install chromium"; exit 1; }

"$1" --debug-page=0 0 >"$TEST_TMPDIR/out" 2>&1 &
proxy=$!
trap 'kill "$proxy"; wait' EXIT
until grep -q '^listening' "$TEST_TMPDIR/out" &&
  grep -q '^debug page' "$TEST_TMPDIR/out"; do sleep 0.01; done
page=$(sed -n 's/^debug page: //p' "$TEST_TMPDIR/out")

# browser WIDTH FLAG...: looks at the page for 4 s of its time.
browser() {
  # Its own sandbox does not work inside of Bazel's, nor for root.
  timeout 60 chromium --headless --no-sandbox --disable-gpu \
    --enable-logging=stderr --window-size="$1",1000 --virtual-time-budget=4000 \
    --user-data-dir="$TEST_TMPDIR/profile" "${@:2}" "$page" \
    2>"$TEST_TMPDIR/browser.log"
}

browser 1000 --dump-dom >"$TEST_TMPDIR/dom" || fail "the browser gives up"
for text in '<dt>tasks</dt>' 'io_uring' '>nursery' 'debug page' 'AcceptOne' \
  'proxy.cc:' 'cancel scope, shielded' 'half up to'; do
  grep -qF -- "$text" "$TEST_TMPDIR/dom" || fail "the page does not say: $text"
done
grep -q 'id="trouble" role="status">[^<]' "$TEST_TMPDIR/dom" && fail "the page has no answer"
grep -E 'CONSOLE|Refused to' "$TEST_TMPDIR/browser.log" && fail "the console"

# Pictures, for whoever wants to see it: of a desk, and of a phone at night.
pictures=${TEST_UNDECLARED_OUTPUTS_DIR:-$TEST_TMPDIR}
browser 1000 --screenshot="$pictures/debug_page.png" || fail "no picture"
browser 500 --blink-settings=preferredColorScheme=0 \
  --screenshot="$pictures/debug_page_on_a_phone.png" || fail "no picture"
exit $failed
