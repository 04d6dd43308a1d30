// SPDX-License-Identifier: Apache-2.0
//
// Each operation of net/, cancelled at each of its cancel points: nothing is
// left, nothing is lost.

#include "creche/testing/cancel_everywhere.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/resolve.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

Task<> Echo(TcpStream stream) {
  char buffer[100];
  for (;;) {
    const absl::StatusOr<size_t> size = co_await stream.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) co_return;
    (co_await stream.SendAll({buffer, *size})).IgnoreError();
  }
}

TEST(CancelEverywhereTest, TcpClientAndServer) {
  auto body = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    const SocketAddress address = listener.local_address();
    auto main = [&](Nursery& nursery) -> Task<absl::Status> {
      auto serve = [&]() -> Task<absl::Status> {
        auto serving = ServeTcp(std::move(listener), Echo);
        co_return co_await std::move(serving);
      };
      nursery.StartSoon(serve);
      TcpStream stream = co_await Try(ConnectTcp(address));
      co_await Try(stream.SendAll("hello"));
      char buffer[5];
      co_await Try(stream.ReceiveExactly(buffer));
      co_await Try(stream.SendEof());
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(main);
  };
  CancelEverywhere(body);
}

// Gives an address at which nobody listens, and then the one that is wanted.
class OneRefusesResolver : public Resolver {
 public:
  explicit OneRefusesResolver(const SocketAddress& wanted) : wanted_(wanted) {}
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(
      std::string, std::uint16_t) override {
    const SocketAddress refuses =
        ListenTcp(*SocketAddress::Parse("127.0.0.1", 0))->local_address();
    co_return std::vector<SocketAddress>{refuses, wanted_};
  }

 private:
  const SocketAddress wanted_;
};

TEST(CancelEverywhereTest, HappyEyeballs) {
  auto body = []() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    OneRefusesResolver resolver(listener.local_address());
    auto connect =
        ConnectTcp("host", 1, ConnectOptions().set_resolver(resolver));
    TcpStream stream = co_await Try(std::move(connect));
    TcpStream server = co_await Try(listener.Accept());
    co_return absl::OkStatus();
  };
  CancelEverywhere(body);
}

TEST(CancelEverywhereTest, UnixStreamsAndDescriptors) {
  auto body = []() -> Task<absl::Status> {
    auto pair = co_await Try(UnixStream::Pair());
    const std::vector<int> fds = {0, 1, 2};
    co_await Try(pair.first.SendDescriptors("hello", fds));
    char buffer[5];
    const ReceivedDescriptors received =
        co_await Try(pair.second.ReceiveDescriptors(buffer));
    EXPECT_EQ(received.descriptors.size(), 3U);
    co_return absl::OkStatus();
  };
  CancelEverywhere(body);
}

}  // namespace
}  // namespace creche
