// SPDX-License-Identifier: Apache-2.0

#include "creche/net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

// Runs body(pair) and checks that no descriptor is left.
template <typename Body>
void WithPair(Body body) {
  const size_t files = OpenFiles();
  auto main = [&]() -> Task<> {
    TcpPair pair = co_await MakeTcpPair();
    co_await body(pair);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

// The status of an operation that is told apart from a cancellation.
template <typename Awaitable>
Task<> Store(Awaitable operation, std::optional<absl::Status>& status) {
  auto result = co_await std::move(operation);
  if constexpr (std::is_same_v<decltype(result), absl::Status>) {
    status = std::move(result);
  } else {
    status = result.status();
  }
}

Task<> LetOthersWait() {
  for (int i = 0; i < 3; ++i) co_await Checkpoint();
}

TEST(TcpStreamTest, MovesBytesBothWays) {
  WithPair([](TcpPair& pair) -> Task<> {
    char buffer[16];
    EXPECT_THAT(co_await pair.client.SendAll("hello"), IsOk());
    absl::StatusOr<size_t> size = co_await pair.server.ReceiveSome(buffer);
    EXPECT_EQ(absl::string_view(buffer, size.value()), "hello");
    EXPECT_THAT(co_await pair.server.SendAll("world!"), IsOk());
    const absl::Status status =
        co_await pair.client.ReceiveExactly(absl::MakeSpan(buffer, 6));
    EXPECT_THAT(status, IsOk());
    EXPECT_EQ(absl::string_view(buffer, 6), "world!");
  });
}

TEST(TcpStreamTest, MovesMoreThanTheKernelBuffers) {
  WithPair([](TcpPair& pair) -> Task<> {
    const std::string sent(size_t{20} << 20, 'x');
    std::string received(sent.size(), '\0');
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      auto send = [&]() -> Task<absl::Status> {
        co_return co_await pair.client.SendAll(sent);
      };
      nursery.StartSoon(send);
      co_return co_await pair.server.ReceiveExactly(absl::MakeSpan(received));
    };
    const absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
    EXPECT_TRUE(received == sent);
  });
}

TEST(TcpStreamTest, TellsTheEnd) {
  WithPair([](TcpPair& pair) -> Task<> {
    char buffer[8];
    EXPECT_THAT(co_await pair.client.SendAll("abc"), IsOk());
    EXPECT_THAT(co_await pair.client.SendEof(), IsOk());
    EXPECT_THAT(co_await pair.client.SendEof(), IsOk());
    absl::Status status = co_await pair.server.ReceiveExactly(buffer);
    EXPECT_TRUE(IsEndOfStream(status));
    EXPECT_TRUE(absl::StrContains(status.message(), "3 of 8")) << status;
    absl::StatusOr<size_t> size = co_await pair.server.ReceiveSome(buffer);
    EXPECT_EQ(size.value(), 0U);
    status = co_await pair.client.SendAll("more");
    EXPECT_TRUE(IsClosedResource(status)) << status;
    EXPECT_THAT(co_await pair.server.SendAll("half closed"), IsOk());
  });
}

TEST(TcpStreamTest, EmptyBuffers) {
  WithPair([](TcpPair& pair) -> Task<> {
    EXPECT_THAT(co_await pair.client.SendAll(""), IsOk());
    EXPECT_THAT(co_await pair.client.ReceiveExactly({}), IsOk());
    const absl::StatusOr<size_t> size = co_await pair.client.ReceiveSome({});
    EXPECT_EQ(size.status().code(), absl::StatusCode::kInvalidArgument);
    pair.client.Close();
    const absl::Status closed = co_await pair.client.SendAll("");
    EXPECT_TRUE(IsClosedResource(closed));
  });
}

TEST(TcpStreamTest, ASecondTaskInOneDirectionIsRefused) {
  WithPair([](TcpPair& pair) -> Task<> {
    char first[8];
    char second[8];
    std::optional<absl::Status> status;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        co_await Store(pair.client.ReceiveSome(first), status);
      });
      co_await LetOthersWait();
      const absl::StatusOr<size_t> busy =
          co_await pair.client.ReceiveSome(second);
      EXPECT_TRUE(IsBusyResource(busy.status())) << busy.status();
      EXPECT_EQ(status, std::nullopt);
      EXPECT_THAT(co_await pair.client.SendAll("y"), IsOk());
      EXPECT_THAT(co_await pair.server.SendAll("x"), IsOk());
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_EQ(status, absl::OkStatus());
    EXPECT_EQ(first[0], 'x');
  });
}

TEST(TcpStreamTest, CloseWakesBothDirections) {
  WithPair([](TcpPair& pair) -> Task<> {
    char buffer[8];
    const std::string much(size_t{20} << 20, 'x');
    std::optional<absl::Status> received;
    std::optional<absl::Status> sent;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        co_await Store(pair.client.ReceiveSome(buffer), received);
      });
      nursery.StartSoon(
          [&]() -> Task<> { co_await Store(pair.client.SendAll(much), sent); });
      co_await LetOthersWait();
      pair.client.Close();
      EXPECT_EQ(pair.client.fd(), -1);
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_TRUE(IsClosedResource(received.value())) << *received;
    EXPECT_TRUE(IsClosedResource(sent.value())) << *sent;
    const absl::StatusOr<size_t> later =
        co_await pair.client.ReceiveSome(buffer);
    EXPECT_TRUE(IsClosedResource(later.status()));
    EXPECT_TRUE(IsClosedResource(pair.client.peer_address().status()));
  });
}

// Its waiters get an error, and the number is free for others only when the
// kernel has let go.
TEST(TcpStreamTest, CanBeDestroyedAndMovedWhileInUse) {
  WithPair([](TcpPair& pair) -> Task<> {
    char buffer[8];
    std::optional<absl::Status> status;
    auto body = [&](Nursery& nursery) -> Task<> {
      auto receive = [&]() -> Task<> {
        co_await Store(pair.client.ReceiveSome(buffer), status);
      };
      nursery.StartSoon(receive);
      co_await LetOthersWait();
      std::optional<TcpStream> moved(std::move(pair.client));
      co_await LetOthersWait();
      EXPECT_EQ(status, std::nullopt);
      moved.reset();
      co_await LetOthersWait();
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_TRUE(status.has_value() && IsClosedResource(*status));
    const absl::Status gone = co_await pair.client.SendAll("x");
    EXPECT_TRUE(IsClosedResource(gone));
  });
}

TEST(TcpStreamTest, ACancelledReceiveLosesNothing) {
  WithPair([](TcpPair& pair) -> Task<> {
    char buffer[8];
    CancelScope before;
    before.Cancel();
    EXPECT_THAT(co_await pair.client.SendAll("abc"), IsOk());
    co_await before.Run(pair.server.ReceiveSome(buffer));
    EXPECT_TRUE(before.cancelled_caught());

    auto five = co_await MoveOnAfter(
        absl::Milliseconds(1),
        pair.server.ReceiveExactly(absl::MakeSpan(buffer, 5)));
    EXPECT_EQ(five, std::nullopt);

    EXPECT_THAT(co_await pair.client.SendAll("de"), IsOk());
    const absl::Status status =
        co_await pair.server.ReceiveExactly(absl::MakeSpan(buffer, 5));
    EXPECT_THAT(status, IsOk());
    EXPECT_EQ(absl::string_view(buffer, 5), "abcde");
  });
}

TEST(TcpStreamTest, ACancelledSendThatSentAPartBreaksSending) {
  WithPair([](TcpPair& pair) -> Task<> {
    const std::string much(size_t{20} << 20, 'x');
    auto sent =
        co_await MoveOnAfter(absl::Milliseconds(1), pair.client.SendAll(much));
    EXPECT_EQ(sent, std::nullopt);

    const absl::Status status = co_await pair.client.SendAll("next");
    EXPECT_TRUE(IsBrokenResource(status)) << status;
    EXPECT_THAT(co_await pair.server.SendAll("x"), IsOk());
    char buffer[1];
    EXPECT_THAT(co_await pair.client.ReceiveExactly(buffer), IsOk());
  });
}

TEST(TcpStreamTest, ACancelledSendThatSentNothingDoesNot) {
  WithPair([](TcpPair& pair) -> Task<> {
    CancelScope scope;
    scope.Cancel();
    co_await scope.Run(pair.client.SendAll("never"));
    EXPECT_TRUE(scope.cancelled_caught());
    EXPECT_THAT(co_await pair.client.SendAll("x"), IsOk());
    char buffer[8];
    absl::StatusOr<size_t> size = co_await pair.server.ReceiveSome(buffer);
    EXPECT_EQ(size.value(), 1U);
  });
}

TEST(TcpStreamTest, AResetIsABrokenResource) {
  WithPair([](TcpPair& pair) -> Task<> {
    const linger reset = {1, 0};
    setsockopt(pair.server.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    const std::string peer = pair.client.peer_address()->ToString();
    char buffer[8];
    std::optional<absl::Status> received;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<> {
        co_await Store(pair.client.ReceiveSome(buffer), received);
      });
      co_await LetOthersWait();
      pair.server.Close();
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_TRUE(IsBrokenResource(received.value())) << *received;
    EXPECT_TRUE(
        absl::StrContains(received->message(), "ReceiveSome() on " + peer))
        << *received;
    const absl::Status sent = co_await pair.client.SendAll("x");
    EXPECT_TRUE(IsBrokenResource(sent)) << sent;
  });
}

// A task that only ever finds data waiting must let others run.
TEST(TcpStreamTest, ErrorsDoNotStarveOthers) {
  WithPair([](TcpPair& pair) -> Task<> {
    bool other_ran = false;
    auto body = [&](Nursery& nursery) -> Task<> {
      auto other = [&]() -> Task<> {
        other_ran = true;
        co_return;
      };
      nursery.StartSoon(other);
      pair.client.Close();
      for (int i = 0; i < 1000 && !other_ran; ++i) {
        const absl::Status closed = co_await pair.client.SendAll("x");
        EXPECT_TRUE(IsClosedResource(closed));
      }
      EXPECT_TRUE(other_ran);
    };
    (co_await WithNursery(body)).IgnoreError();
  });
}

TEST(TcpStreamTest, TakesOverADescriptor) {
  WithPair([](TcpPair& pair) -> Task<> {
    const absl::StatusOr<TcpStream> no_socket = TcpStream::FromDescriptor(0);
    EXPECT_EQ(no_socket.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(pair.client.SetNoDelay(false), IsOk());
    absl::StatusOr<TcpStream> copy =
        TcpStream::FromDescriptor(dup(pair.client.fd()));
    int no_delay = 0;
    socklen_t size = sizeof(no_delay);
    getsockopt(copy->fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    EXPECT_NE(no_delay, 0);
    EXPECT_THAT(co_await copy->SendAll("x"), IsOk());
    char buffer[1];
    EXPECT_THAT(co_await pair.server.ReceiveExactly(buffer), IsOk());
    EXPECT_EQ(pair.client.local_address(), pair.server.peer_address());
    EXPECT_THAT(copy->SetNoDelay(false), IsOk());
  });
}

TEST(TcpStreamTest, AClosedOneHasNoOptionsAndNoAddress) {
  WithPair([](TcpPair& pair) -> Task<> {
    TcpStream moved = std::move(pair.server);
    pair.client.Close();
    for (TcpStream* stream : {&pair.server, &pair.client}) {
      EXPECT_TRUE(IsClosedResource(stream->SetNoDelay(false)));
      EXPECT_TRUE(IsClosedResource(stream->local_address().status()));
      EXPECT_TRUE(IsClosedResource(stream->peer_address().status()));
      EXPECT_TRUE(IsClosedResource(co_await stream->SendAll("x")));
    }
    EXPECT_THAT(moved.SetNoDelay(false), IsOk());
  });
}

}  // namespace
}  // namespace creche
