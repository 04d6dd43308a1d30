#!/bin/bash
# On epoll a message is one send and one receive, neither of which is in vain,
# and at most one wait; its descriptor is not named to the set anew.
set -eu
program=$1
command -v strace >/dev/null || { echo "needs strace"; exit 1; }
trace=$TEST_TMPDIR/trace
for size in 64 4096; do
  messages=$(strace -f -qq -o "$trace" \
    -e trace=sendto,recvfrom,epoll_ctl,epoll_wait,epoll_pwait2 \
    "$program" $size | sed -n 's/^messages: //p')
  count() { grep -c " $1(" "$trace" || true; }
  sends=$(count sendto)
  receives=$(count recvfrom)
  controls=$(count epoll_ctl)
  waits=$(count 'epoll_p*wait2*')
  echo "$size bytes, $messages messages: $sends sends, $receives receives," \
    "$waits waits, $controls epoll_ctl"
  [ "$messages" -ge 1000 ]
  [ "$sends" -le $((messages + 10)) ]
  [ "$receives" -le $((messages + 10)) ]
  [ "$waits" -le $((messages + 10)) ]
  [ "$controls" -le 20 ]
done
