// SPDX-License-Identifier: Apache-2.0

#include "creche/net/unix_socket.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/received_block.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/abstract_address.h"
#include "tests/support/open_files.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

Task<> ExpectConnects(SocketAddress address) {
  absl::StatusOr<UnixListener> listener = ListenUnix(address);
  EXPECT_THAT(listener, IsOk());
  absl::StatusOr<UnixStream> client = co_await ConnectUnix(address);
  EXPECT_THAT(client, IsOk());
  absl::StatusOr<UnixStream> server = co_await listener->Accept();
  EXPECT_THAT(co_await client->SendAll("hello"), IsOk());
  char buffer[8];
  const absl::StatusOr<size_t> size = co_await server->ReceiveSome(buffer);
  EXPECT_EQ(absl::string_view(buffer, size.value()), "hello");
  const absl::Status taken = ListenUnix(address).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(absl::StrContains(taken.message(), "unlink()"),
            absl::StrContains(taken.message(), "older one"))
      << taken;
  EXPECT_EQ(absl::StrContains(taken.message(), "older one"),
            address.host().front() == '@')
      << taken;
}

TEST(UnixSocketTest, ConnectsByAbstractName) {
  RunChecked(
      []() -> Task<> { co_await ExpectConnects(UniqueAbstractAddress()); });
}

TEST(UnixSocketTest, ConnectsByPath) {
  // Not in the test's own directory, whose path may be longer than an address.
  char directory[] = "/tmp/creche_unix_XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = absl::StrCat(directory, "/socket");
  RunChecked([&]() -> Task<> {
    const SocketAddress address = *SocketAddress::Unix(path);
    co_await ExpectConnects(address);
    const absl::Status refused = (co_await ConnectUnix(address)).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable) << refused;
    unlink(path.c_str());
    const absl::Status missing = (co_await ConnectUnix(address)).status();
    EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound) << missing;
  });
  EXPECT_EQ(rmdir(directory), 0);
}

TEST(UnixSocketTest, PassesDescriptors) {
  RunChecked([]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    char buffer[16];
    {
      Pipe pipe;
      const std::vector<int> fds = {pipe.read_end(), pipe.write_end()};
      EXPECT_THAT(co_await pair.first.SendDescriptors("two", fds), IsOk());
    }
    absl::StatusOr<ReceivedDescriptors> received =
        co_await pair.second.ReceiveDescriptors(buffer);
    EXPECT_EQ(received->size, 3U);
    EXPECT_EQ(received->descriptors.size(), 2U);
    EXPECT_EQ(write(received->descriptors[1].get(), "x", 1), 1);
    EXPECT_EQ(read(received->descriptors[0].get(), buffer, 1), 1);
    EXPECT_NE(fcntl(received->descriptors[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  });
}

TEST(UnixSocketTest, ACancelledReceiveLosesNoDescriptor) {
  RunChecked([]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    char buffer[16];
    auto nothing = co_await MoveOnAfter(absl::Milliseconds(1),
                                        pair.second.ReceiveDescriptors(buffer));
    EXPECT_FALSE(nothing.has_value());
    const std::vector<int> fds = {0};
    EXPECT_THAT(co_await pair.first.SendDescriptors("x", fds), IsOk());
    CancelScope scope;
    scope.Cancel();
    co_await scope.Run(pair.second.ReceiveDescriptors(buffer));
    absl::StatusOr<ReceivedDescriptors> received =
        co_await pair.second.ReceiveDescriptors(buffer);
    EXPECT_EQ(received->descriptors.size(), 1U);
  });
}

// Both ends of a connection, the second of which was accepted.
Task<std::pair<UnixStream, UnixStream>> MakeUnixPair() {
  const SocketAddress address = UniqueAbstractAddress();
  UnixListener listener = ListenUnix(address).value();
  UnixStream client = (co_await ConnectUnix(address)).value();
  UnixStream server = (co_await listener.Accept()).value();
  co_return std::make_pair(std::move(client), std::move(server));
}

Task<> ExpectCarriesADescriptor(UnixStream& from, UnixStream& to) {
  const std::vector<int> fds = {0};
  EXPECT_THAT(co_await from.SendDescriptors("x", fds), IsOk());
  // What receives ahead has the time for it.
  for (int i = 0; i < 3; ++i) co_await Checkpoint();
  char buffer[16];
  const absl::StatusOr<ReceivedDescriptors> received =
      co_await to.ReceiveDescriptors(buffer);
  EXPECT_EQ(received->size, 1U);
  EXPECT_EQ(received->descriptors.size(), 1U);
}

TEST(UnixSocketTest, ReceiveTakesNoDescriptorsAhead) {
  RunChecked([]() -> Task<> {
    auto pair = co_await MakeUnixPair();
    for (int round = 0; round < 2; ++round) {
      auto nothing =
          co_await MoveOnAfter(absl::Milliseconds(1), pair.second.Receive());
      EXPECT_FALSE(nothing.has_value());
      co_await ExpectCarriesADescriptor(pair.first, pair.second);
      EXPECT_THAT(co_await pair.first.SendAll("header"), IsOk());
      const absl::StatusOr<ReceivedBlock> header =
          co_await pair.second.Receive();
      EXPECT_EQ(header->view(), "header");
      co_await ExpectCarriesADescriptor(pair.first, pair.second);
      std::swap(pair.first, pair.second);
    }
  });
}

// The descriptors are lost, and it says so; the bytes are not.
TEST(UnixSocketTest, BytesStayWhereDescriptorsFindNoRoom) {
  if (kHasAddressSanitizer) {
    GTEST_SKIP() << "the sanitizer cannot work without descriptors";
  }
  RunChecked([]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    const std::vector<int> fds = {0, 1};
    EXPECT_THAT(co_await pair.first.SendDescriptors("bytes", fds), IsOk());
    struct rlimit old_limit;
    getrlimit(RLIMIT_NOFILE, &old_limit);
    const int next = dup(0);
    close(next);
    // Room for one of them.
    const struct rlimit none = {static_cast<rlim_t>(next) + 1,
                                old_limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    char buffer[16];
    const absl::Status status =
        (co_await pair.second.ReceiveDescriptors(buffer)).status();
    setrlimit(RLIMIT_NOFILE, &old_limit);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_THAT(co_await pair.first.SendAll("more"), IsOk());
    EXPECT_THAT(co_await pair.second.ReceiveExactly(absl::MakeSpan(buffer, 9)),
                IsOk());
    EXPECT_EQ(absl::string_view(buffer, 9), "bytesmore");
  });
}

TEST(UnixSocketTest, DescriptorsNobodyTakesAreClosed) {
  RunChecked([]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    const std::vector<int> fds(kMaxDescriptors, 0);
    EXPECT_THAT(co_await pair.first.SendDescriptors("x", fds), IsOk());
    char buffer[1];
    const absl::StatusOr<size_t> size =
        co_await pair.second.ReceiveSome(buffer);
    EXPECT_EQ(size.value(), 1U);
  });
}

TEST(UnixSocketTest, SaysWhatIsWrong) {
  RunChecked([]() -> Task<> {
    auto pair = UnixStream::Pair().value();
    const std::vector<int> many(kMaxDescriptors + 1, 0);
    const std::vector<int> bad = {-1};
    absl::Status status = co_await pair.first.SendDescriptors("x", many);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    status = co_await pair.first.SendDescriptors("", bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    status = co_await pair.first.SendDescriptors("x", bad);
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(co_await pair.first.SendAll("still fine"), IsOk());
    const SocketAddress ip = *SocketAddress::Parse("127.0.0.1", 1);
    EXPECT_FALSE(ListenUnix(ip).ok());
    EXPECT_FALSE((co_await ConnectUnix(ip)).ok());
    pair.second.Close();
    status = co_await pair.first.SendAll("x");
    EXPECT_TRUE(IsBrokenResource(status)) << status;
  });
}

// Where the kernel would say EAGAIN, were it not asked to wait.
TEST(UnixSocketTest, ConnectsWhenThereIsRoomInTheBacklog) {
  constexpr int kClients = 5;
  RunChecked([]() -> Task<> {
    const SocketAddress address = UniqueAbstractAddress();
    UnixListener listener = ListenUnix(address, /*backlog=*/0).value();
    auto connect = [&]() -> Task<> {
      const absl::StatusOr<UnixStream> stream = co_await ConnectUnix(address);
      EXPECT_THAT(stream, IsOk());
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < kClients; ++i) nursery.StartSoon(connect);
      for (int i = 0; i < kClients; ++i) {
        EXPECT_THAT(co_await listener.Accept(), IsOk());
      }
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
    // One is there, and one waits for room until it is cancelled.
    co_await connect();
    co_await MoveOnAfter(absl::Milliseconds(5), ConnectUnix(address));
  });
}

}  // namespace
}  // namespace creche
