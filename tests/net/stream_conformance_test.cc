// SPDX-License-Identifier: Apache-2.0
//
// The kernel's streams do what every stream does.

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/check_stream.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"

namespace creche {
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

// The same, by way of Receive().
class BlockStream {
 public:
  explicit BlockStream(UnixStream stream) : stream_(std::move(stream)) {}

  Task<absl::StatusOr<size_t>> ReceiveSome(absl::Span<char> buffer) {
    if (block_.empty()) {
      absl::StatusOr<ReceivedBlock> block = co_await stream_.Receive();
      if (!block.ok()) co_return std::move(block).status();
      block_ = *std::move(block);
    }
    const size_t size = std::min(buffer.size(), block_.size());
    std::copy_n(block_.data(), size, buffer.data());
    block_.RemovePrefix(size);
    co_return size;
  }
  auto SendAll(absl::string_view data) { return stream_.SendAll(data); }
  auto SendEof() { return stream_.SendEof(); }
  void Close() {
    stream_.Close();
    block_ = ReceivedBlock();
  }

 private:
  UnixStream stream_;
  ReceivedBlock block_;
};

TEST(ReceiveTest, IsAByteStream) {
  const auto pair = [] {
    auto [first, second] = UnixStream::Pair().value();
    return std::make_pair(BlockStream(std::move(first)),
                          BlockStream(std::move(second)));
  };
  CheckHalfCloseableStream(pair, pair);
}

TEST(UnixStreamTest, IsAByteStream) {
  const auto pair = [] { return UnixStream::Pair().value(); };
  CheckHalfCloseableStream(pair, pair);
}

}  // namespace
}  // namespace creche
