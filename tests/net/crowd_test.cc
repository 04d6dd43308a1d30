// SPDX-License-Identifier: Apache-2.0
//
// Many connections at a time, and what is left of them.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/pipe.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/sync/event.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

Task<absl::Status> EchoBlocks(TcpStream& stream) {
  for (;;) {
    const ReceivedBlock block = co_await Try(stream.Receive());
    if (block.empty()) co_return absl::OkStatus();
    co_await Try(stream.SendAll(block.view()));
  }
}

Task<> Echo(TcpStream stream) { (co_await EchoBlocks(stream)).IgnoreError(); }

// Clients that are all connected at the same time, each with a message before
// and after.
class Crowd {
 public:
  Crowd(size_t size, const SocketAddress& server)
      : size_(size), server_(server) {}

  Task<absl::Status> Visit() {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto visit = [&]() -> Task<absl::Status> { co_return co_await Join(); };
      for (size_t i = 0; i < size_; ++i) nursery.StartSoon(visit);
      co_return;
    };
    co_return co_await WithNursery(body);
  }

 private:
  static Task<absl::Status> Exchange(TcpStream& stream) {
    co_await Try(stream.SendAll("hello"));
    char buffer[5];
    co_return co_await stream.ReceiveExactly(buffer);
  }

  Task<absl::Status> Join() {
    TcpStream stream = co_await Try(ConnectTcp(server_));
    co_await Try(Exchange(stream));
    if (++present_ == size_) all_present_.Set();
    co_await all_present_.Wait();
    co_return co_await Exchange(stream);
  }

  const size_t size_;
  const SocketAddress server_;
  size_t present_ = 0;
  Event all_present_;
};

// In a process of its own, with as many descriptors.
pid_t StartCrowd(size_t size, const SocketAddress& server, int alive) {
  const pid_t child = fork();
  if (child != 0) return child;
  auto main = [&]() -> Task<absl::Status> {
    Crowd crowd(size, server);
    co_return co_await crowd.Visit();
  };
  const absl::Status status = RunToTest(main);
  if (!status.ok()) std::cerr << status << "\n";
  close(alive);
  _exit(status.ok() ? 0 : 1);
}

void ServeCrowd(size_t size) {
  TcpListener listener =
      ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
  Pipe alive;  // Until the child ends.
  const pid_t child =
      StartCrowd(size, listener.local_address(), alive.write_end());
  alive.CloseSecond();
  auto main = [&]() -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      auto serve = [&]() -> Task<absl::Status> {
        // The clients have descriptors of their own.
        auto serving = ServeTcp(
            std::move(listener), Echo,
            ServeOptions().set_max_connections(ServeOptions::kUnlimited));
        co_return co_await std::move(serving);
      };
      nursery.StartSoon(serve);
      PipeReader child_is_alive(dup(alive.read_end()));
      char buffer[1];
      co_await Try(child_is_alive.ReceiveSome(buffer));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  const absl::Status status = RunToTest(main);
  EXPECT_THAT(status, IsOk());
  int result = -1;
  EXPECT_EQ(waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0) << "the clients failed";
}

// Returns false if the process may not have so many.
bool AllowDescriptors(rlim_t count) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, count);
  limit.rlim_max = std::max(limit.rlim_max, count);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

TEST(CrowdTest, TenThousandAreServedAtOnce) {
  constexpr size_t kConnections = 10'000;
  if (!AllowDescriptors(kConnections + 200)) {
    GTEST_SKIP() << "this process may not have 10,200 descriptors; raise the "
                    "limit with ulimit -n";
  }
  const size_t files = OpenFiles();
  ServeCrowd(kConnections);
  EXPECT_EQ(OpenFiles(), files);
}

size_t ResidentPages() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident;
}

TEST(CrowdTest, LeavesNoMemoryAndNoDescriptors) {
  if (kHasAddressSanitizer) {
    GTEST_SKIP() << "the sanitizer keeps memory that was freed";
  }
  constexpr size_t kConnections = 400;
  ServeCrowd(kConnections);
  const size_t files = OpenFiles();
  const size_t pages = ResidentPages();
  for (int round = 0; round < 10; ++round) ServeCrowd(kConnections);
  EXPECT_EQ(OpenFiles(), files);
  EXPECT_LE(ResidentPages(), pages + pages / 20);
}

}  // namespace
}  // namespace creche
