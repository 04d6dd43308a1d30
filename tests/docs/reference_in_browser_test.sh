#!/bin/bash
# Makes the reference and looks at it in a real browser: pages are there, say
# what the headers say, have no link that leads nowhere, and their scripts run.
set -u
failed=0
fail() {
  echo "FAIL: $*"
  failed=1
}
for program in doxygen chromium; do
  command -v $program >/dev/null ||
    { echo "FAIL: no $program: apt-get install $program"; exit 1; }
done

export HOME=$TEST_TMPDIR
{ cat docs/Doxyfile && echo "OUTPUT_DIRECTORY = $TEST_TMPDIR"; } |
  doxygen - || fail "doxygen"
html=$TEST_TMPDIR/html

# dom PAGE: what the browser makes of it, scripts included.
dom() {
  # Its own sandbox does not work inside of Bazel's, nor for root.
  timeout 60 chromium --headless --no-sandbox --disable-gpu \
    --virtual-time-budget=5000 --user-data-dir="$TEST_TMPDIR/profile" \
    --dump-dom "file://$html/$1" 2>"$TEST_TMPDIR/browser.log"
}

# check PAGE TEXT...: the page has each of the texts.
check() {
  local page=$1 text link
  dom "$page" >"$TEST_TMPDIR/dom" || fail "$page: the browser gives up"
  for text in "${@:2}"; do
    grep -qF -- "$text" "$TEST_TMPDIR/dom" || fail "$page does not say: $text"
  done
  grep -oE '(href|src)="[^":]*"' "$TEST_TMPDIR/dom" | cut -d'"' -f2 |
    sed 's/[#?].*//' | sort -u |
    while read -r link; do
      [ -z "$link" ] || [ -e "$html/$link" ] || echo "$link"
    done >"$TEST_TMPDIR/broken"
  [ ! -s "$TEST_TMPDIR/broken" ] ||
    fail "$page has links to nowhere: $(cat "$TEST_TMPDIR/broken")"
}

check index.html 'creche: the reference' 'creche/core/nursery.h'
# The tree at the left is made by a script.
check classcreche_1_1Nursery.html 'a block that ends only when' 'StartSoon' 'Order:' 'class="item"' 'Namespaces'
check classcreche_1_1SocketStream.html 'Cancellation:' 'The bytes stay in the stream'
check structcreche_1_1RunOptions.html 'cancel_on_signals'
check namespacecreche.html 'WithNursery' 'FailAfter' 'MakeChannel' 'kUnbounded'
check namespacecreche_1_1testing.html 'CancelEverywhere'
grep -q 'internal::' "$html/annotated.html" && fail "internals are listed"
exit $failed
