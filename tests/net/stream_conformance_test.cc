// SPDX-License-Identifier: Apache-2.0
//
// The kernel's streams do what every stream does.

#include <sys/socket.h>

#include <utility>

#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/check_stream.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"

namespace creche::testing {
namespace {

static_assert(ByteStream<TcpStream>);
static_assert(ByteStream<UnixStream>);

Task<std::pair<TcpStream, TcpStream>> TcpEnds() {
  TcpPair pair = co_await MakeTcpPair();
  co_return std::make_pair(std::move(pair.client), std::move(pair.server));
}

// Not too much: a window that is smaller than a packet makes TCP wait for its
// timers.
void Shrink(int fd) {
  const int size = 65536;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

Task<std::pair<TcpStream, TcpStream>> SmallTcpEnds() {
  auto make = TcpEnds();
  std::pair<TcpStream, TcpStream> ends = co_await std::move(make);
  Shrink(ends.first.fd());
  Shrink(ends.second.fd());
  co_return ends;
}

TEST(TcpStreamTest, IsAByteStream) {
  CheckHalfCloseableStream(TcpEnds, SmallTcpEnds);
}

TEST(UnixStreamTest, IsAByteStream) {
  const auto pair = [] { return UnixStream::Pair().value(); };
  CheckHalfCloseableStream(pair, pair);
}

}  // namespace
}  // namespace creche::testing
