// SPDX-License-Identifier: Apache-2.0
//
// Calls that need not wait, or that fail before they do anything, are
// checkpoints like all others.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/io/any_stream.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/resolve.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/expect_checkpoint.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// Has no addresses, and no time for others.
class HastyResolver final : public Resolver {
 public:
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(
      std::string, std::uint16_t) override {
    co_return std::vector<SocketAddress>();
  }
};

CRECHE_TEST(NetCheckpointTest, ConnectingToAnotherFamily) {
  const SocketAddress ip = *SocketAddress::Parse("127.0.0.1", 1);
  const SocketAddress unix_domain = *SocketAddress::UnixAbstract("x");
  auto tcp = ConnectTcp(unix_domain);
  EXPECT_FALSE((co_await ExpectCheckpoint(std::move(tcp))).ok());
  auto unix_stream = ConnectUnix(ip);
  EXPECT_FALSE((co_await ExpectCheckpoint(std::move(unix_stream))).ok());
}

CRECHE_TEST(NetCheckpointTest, ConnectingFromAnotherMachinesAddress) {
  const SocketAddress to = *SocketAddress::Parse("127.0.0.1", 1);
  const SocketAddress from = *SocketAddress::Parse("192.0.2.1", 0);
  auto connect = ConnectTcp(to, ConnectOptions().set_local_address(from));
  EXPECT_FALSE((co_await ExpectCheckpoint(std::move(connect))).ok());
}

CRECHE_TEST(NetCheckpointTest, Listening) {
  for (const std::string& host : {std::string("127.0.0.1"), std::string()}) {
    auto listen = ListenTcp(host, 0);
    EXPECT_THAT(co_await ExpectCheckpoint(std::move(listen)), IsOk());
  }
}

CRECHE_TEST(NetCheckpointTest, Resolving) {
  for (const std::string& host :
       {std::string("127.0.0.1"), std::string(), std::string(1000, 'x')}) {
    auto resolve = Resolve(host, "80");
    (co_await ExpectCheckpoint(std::move(resolve))).status().IgnoreError();
  }
}

CRECHE_TEST(NetCheckpointTest, AResolverThatFindsNothing) {
  HastyResolver resolver;
  auto listen = ListenTcp("name", 0, ListenOptions().set_resolver(resolver));
  EXPECT_THAT(co_await ExpectCheckpoint(std::move(listen)),
              StatusIs(absl::StatusCode::kNotFound));
  auto connect = ConnectTcp("name", 0, ConnectOptions().set_resolver(resolver));
  EXPECT_THAT(co_await ExpectCheckpoint(std::move(connect)),
              StatusIs(absl::StatusCode::kNotFound));
}

CRECHE_TEST(NetCheckpointTest, AStreamThatWasMovedFrom) {
  auto pair = MemoryStreamPair();
  AnyStream stream(std::move(pair.first));
  const AnyStream other = std::move(stream);
  char buffer[1];
  auto receive = stream.ReceiveSome(absl::MakeSpan(buffer));
  EXPECT_FALSE((co_await ExpectCheckpoint(std::move(receive))).ok());
  auto send = stream.SendAll("x");
  EXPECT_FALSE((co_await ExpectCheckpoint(std::move(send))).ok());
  auto end = stream.SendEof();
  EXPECT_FALSE((co_await ExpectCheckpoint(std::move(end))).ok());
}

CRECHE_TEST(NetCheckpointTest, AClosedStream) {
  auto pair = UnixStream::Pair().value();
  pair.first.Close();
  char buffer[1];
  EXPECT_FALSE((co_await ExpectCheckpoint(pair.first.Receive())).ok());
  EXPECT_FALSE((co_await ExpectCheckpoint(
                    pair.first.ReceiveSome(absl::MakeSpan(buffer))))
                   .ok());
  EXPECT_FALSE((co_await ExpectCheckpoint(pair.first.ReceiveExactly({}))).ok());
  EXPECT_FALSE((co_await ExpectCheckpoint(pair.first.SendAll(""))).ok());
  EXPECT_FALSE((co_await ExpectCheckpoint(pair.first.SendEof())).ok());
  EXPECT_THAT(co_await ExpectCheckpoint(pair.second.SendEof()), IsOk());
  EXPECT_THAT(co_await ExpectCheckpoint(pair.second.SendEof()), IsOk());
}

}  // namespace
}  // namespace creche
