// SPDX-License-Identifier: Apache-2.0
//
// What has broken a stream is told again and again: it never looks like an end.

#include <sys/socket.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/received_block.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/run_checked.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

constexpr size_t kMuch = size_t{20} << 20;

void Reset(TcpStream& stream) {
  const linger at_once = {1, 0};
  setsockopt(stream.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  stream.Close();
}

Task<absl::Status> ReceiveSome(SocketStream& stream) {
  char buffer[8];
  co_return (co_await stream.ReceiveSome(buffer)).status();
}

Task<absl::Status> ReceiveExactly(SocketStream& stream) {
  char buffer[8];
  co_return co_await stream.ReceiveExactly(buffer);
}

Task<absl::Status> Receive(SocketStream& stream) {
  co_return (co_await stream.Receive()).status();
}

Task<absl::Status> SendAll(SocketStream& stream) {
  co_return co_await stream.SendAll("x");
}

Task<absl::Status> SendEof(SocketStream& stream) {
  co_return co_await stream.SendEof();
}

constexpr Task<absl::Status> (*kOperations[])(SocketStream&) = {
    &ReceiveSome, &ReceiveExactly, &Receive, &SendAll, &SendEof};

Task<> ExpectStaysBroken(SocketStream& stream) {
  for (int round = 0; round < 2; ++round) {
    for (const auto operation : kOperations) {
      auto call = operation(stream);
      const absl::Status status = co_await std::move(call);
      EXPECT_TRUE(IsBrokenResource(status)) << status;
    }
  }
}

TEST(BrokenStreamTest, AResetStaysOneWhoeverHearsOfItFirst) {
  for (const auto first : kOperations) {
    RunChecked([&]() -> Task<> {
      TcpPair pair = co_await MakeTcpPair();
      Reset(pair.server);
      auto call = first(pair.client);
      const absl::Status status = co_await std::move(call);
      EXPECT_TRUE(IsBrokenResource(status)) << status;
      co_await ExpectStaysBroken(pair.client);
    });
  }
}

TEST(BrokenStreamTest, AResetEndsAReceiveUnderWay) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    auto nothing =
        co_await MoveOnAfter(absl::Milliseconds(1), pair.client.Receive());
    EXPECT_FALSE(nothing.has_value());
    Reset(pair.server);
    co_await ExpectStaysBroken(pair.client);
  });
}

TEST(BrokenStreamTest, WhatCameBeforeTheResetIsReceived) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    EXPECT_THAT(co_await pair.server.SendAll("before"), IsOk());
    Reset(pair.server);
    auto send = SendAll(pair.client);
    EXPECT_TRUE(IsBrokenResource(co_await std::move(send)));
    char buffer[8];
    const absl::Status all = co_await pair.client.ReceiveExactly(buffer);
    EXPECT_TRUE(IsBrokenResource(all)) << all;
    const absl::StatusOr<size_t> size =
        co_await pair.client.ReceiveSome(buffer);
    EXPECT_THAT(size, IsOkAndHolds(6U));
    co_await ExpectStaysBroken(pair.client);
  });
}

// The peer had sent everything, and its end, before it was sent something.
TEST(BrokenStreamTest, AnEndStaysAnEnd) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    pair.server.Close();
    absl::Status sent;
    while (sent.ok()) sent = co_await pair.client.SendAll("x");
    EXPECT_TRUE(IsBrokenResource(sent)) << sent;
    char buffer[8];
    for (int i = 0; i < 2; ++i) {
      EXPECT_THAT(co_await pair.client.ReceiveSome(buffer), IsOkAndHolds(0U));
    }
    EXPECT_TRUE(IsBrokenResource(co_await pair.client.SendAll("x")));
  });
}

TEST(BrokenStreamTest, APeerThatDidNotReadEverythingHasReset) {
  RunChecked([]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    EXPECT_THAT(co_await pair.first.SendAll("unread"), IsOk());
    pair.second.Close();
    char buffer[8];
    for (int i = 0; i < 2; ++i) {
      const absl::Status some =
          (co_await pair.first.ReceiveSome(buffer)).status();
      EXPECT_TRUE(IsBrokenResource(some)) << some;
      const absl::Status with_descriptors =
          (co_await pair.first.ReceiveDescriptors(buffer)).status();
      EXPECT_TRUE(IsBrokenResource(with_descriptors)) << with_descriptors;
    }
    co_await ExpectStaysBroken(pair.first);
  });
}

// The peer must not take what it has got for everything.
TEST(BrokenStreamTest, ACutSendHasNoEnd) {
  RunChecked([]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    const std::string much(kMuch, 'x');
    auto sent =
        co_await MoveOnAfter(absl::Milliseconds(5), pair.client.SendAll(much));
    EXPECT_FALSE(sent.has_value());
    for (int i = 0; i < 2; ++i) {
      const absl::Status ended = co_await pair.client.SendEof();
      EXPECT_TRUE(IsBrokenResource(ended)) << ended;
    }
    std::string received(kMuch, '\0');
    auto receive = co_await MoveOnAfter(
        absl::Milliseconds(20),
        pair.server.ReceiveExactly(absl::MakeSpan(received)));
    EXPECT_FALSE(receive.has_value()) << "an end came: " << *receive;
    // As the header says: Close() is an end, whatever was cut short before.
    pair.client.Close();
    EXPECT_TRUE(IsEndOfStream(
        co_await pair.server.ReceiveExactly(absl::MakeSpan(received))));
  });
}

}  // namespace
}  // namespace creche
