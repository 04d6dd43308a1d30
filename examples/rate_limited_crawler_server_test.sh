#!/bin/bash
# rate_limited_crawler, against nginx.
set -u
crawler=$1
. examples/servers.sh

files=$TEST_TMPDIR/files
mkdir -p "$files/sub"
for i in {1..10}; do
  echo "<a href=\"/page$((i % 10 + 1)).html\">next</a> <a href='#'>no</a>" \
    >"$files/page$i.html"
done
cat >"$files/index.html" <<END
<a href="page1.html">first</a> <a href="/sub/">sub</a> <a href="/missing">?</a>
<a href="http://elsewhere.invalid/">not this server</a> <a href="/moved">m</a>
END
echo '<a href="../page1.html">up</a> <a href="text.txt">a text</a>' \
  >"$files/sub/index.html"
echo 'href="/not-html"' >"$files/sub/text.txt"
echo new >"$files/new.txt"
start_nginx "$files"

out=$TEST_TMPDIR/out
start=$(date +%s%N)
"$crawler" "http://127.0.0.1:$port/" 25 >"$out" 2>&1 || failed=1
milliseconds=$((($(date +%s%N) - start) / 1000000))
tr '\r' '\n' <"$out"
# The index, 10 pages, sub/, text.txt, /moved, sub/../page1.html; and /missing.
expect '15 of 16 pages, [0-9]+ bytes, 1 failed $' "$out"
expect '^1 of|0 of' <(tr '\r' '\n' <"$out")
# 16 pages at 25 a second: 15 pauses of 40 ms.
if [ $milliseconds -lt 600 ]; then
  echo "FAIL: too fast: $milliseconds ms"
  failed=1
fi
exit $failed
