// SPDX-License-Identifier: Apache-2.0
//
// The kernel's streams do what every stream does.

#include <sys/socket.h>

#include <utility>

#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
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

// Sends to the server have 4 KiB of room. It must be made before there is a
// connection: a window that is made smaller than a packet when it was promised
// already brings TCP to a halt, out of which only its probes help, one packet
// each 200 ms. (The same transfer between two threads that call send() and
// recv() takes as long: 20 s for 1 MiB.)
Task<std::pair<TcpStream, TcpStream>> SmallTcpEnds() {
  const int size = 4096;
  TcpListener listener =
      ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
  setsockopt(listener.fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  auto connect = ConnectTcp(listener.local_address());
  TcpStream client = (co_await std::move(connect)).value();
  setsockopt(client.fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  TcpStream server = (co_await listener.Accept()).value();
  co_return std::make_pair(std::move(client), std::move(server));
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
