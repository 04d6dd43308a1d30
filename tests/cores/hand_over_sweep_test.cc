// SPDX-License-Identifier: Apache-2.0
//
// A connection that one core accepts and another serves: cancelled at each
// point and failed at each kernel operation, of either. Whatever happens, the
// client is served or sees an end, and no core counts a connection that it has
// not.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/serve_tcp_on_cores.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/wait_readable.h"
#include "creche/run.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "lib/cores/core_set.h"
#include "tests/cores/echo.h"
#include "tests/cores/neighbour.h"
#include "tests/support/free_port.h"

namespace creche {
namespace {

using internal::CoreSet;

// So many seem to be served on core 0 that it gives all others away.
constexpr std::size_t kMany = 100;

// Counts in `served` what is served on core 1.
Task<absl::Status> Serve(CoreSet& cores, std::size_t index, std::uint16_t port,
                         std::atomic<int>& served) {
  auto handler = [&](TcpStream stream) -> Task<> {
    if (index == 1) {
      EXPECT_EQ(cores.connections(1), 1U);
      ++served;
    }
    co_await Echo(std::move(stream));
  };
  Core core(cores, index);
  co_return co_await ServeTcpOnCores(core, "127.0.0.1", port, handler,
                                     ServeOptions(), Balance::kHandOver);
}

// A client that needs no run, so that it can look for its echo, or for an end,
// when the runs have ended.
class Client {
 public:
  // What was sent waits in the kernel for the server.
  explicit Client(std::uint16_t port)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Whoever waits for so long has been forgotten.
    const timeval at_most = {.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &at_most, sizeof(at_most));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address),
                            sizeof(address)) == 0;
    if (is_connected_) send(fd_, "x", 1, MSG_NOSIGNAL);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    if (is_connected_ && ReceiveByte() < 0) {
      EXPECT_EQ(errno, ECONNRESET) << "a connection was lost";
    }
    close(fd_);
  }

  int fd() const { return fd_; }

 private:
  // A receive that has a limit of time is not restarted when it was interrupted
  // (signal(7)). It was on 6.12, most likely by what io_uring had left to do
  // for this thread.
  ssize_t ReceiveByte() const {
    char byte = 0;
    ssize_t size = -1;
    do {
      size = recv(fd_, &byte, 1, 0);
    } while (size < 0 && errno == EINTR);
    return size;
  }

  const int fd_;
  bool is_connected_ = false;
};

// The server's part on another core, in a task of the neighbour, from the end
// of the constructor to that of the destructor.
class ServedThere {
 public:
  ServedThere(Neighbour& neighbour, CoreSet& cores, std::size_t index,
              std::uint16_t port, std::atomic<int>& served)
      : neighbour_(neighbour) {
    auto serve = [this, &cores, index, port, &served]() -> Task<> {
      auto serving = [&]() -> Task<absl::Status> {
        co_return co_await Serve(cores, index, port, served);
      };
      auto body = [&](Nursery& nursery) -> Task<> {
        nursery.StartSoon(serving);
        co_await WaitAllTasksBlocked();
        has_begun_.set_value();
      };
      auto all = WithNursery(body);
      (void)co_await scope_.Run(std::move(all));
      has_ended_.set_value();
    };
    neighbour.Post(
        [serve, &neighbour] { neighbour.nursery().StartSoon(serve); });
    has_begun_.get_future().wait();
  }
  ServedThere(const ServedThere&) = delete;
  ServedThere& operator=(const ServedThere&) = delete;
  ~ServedThere() {
    neighbour_.Post([this] { scope_.Cancel(); });
    has_ended_.get_future().wait();
  }

 private:
  Neighbour& neighbour_;
  CancelScope scope_;  // The neighbour's.
  std::promise<void> has_begun_;
  std::promise<void> has_ended_;
};

// When all servers have ended.
class AllAreCounted {
 public:
  explicit AllAreCounted(CoreSet& cores) : cores_(cores) {
    cores_.connections(0) = kMany;
  }
  AllAreCounted(const AllAreCounted&) = delete;
  AllAreCounted& operator=(const AllAreCounted&) = delete;
  ~AllAreCounted() {
    EXPECT_EQ(cores_.connections(0), kMany);
    EXPECT_EQ(cores_.connections(1), 0U);
  }

 private:
  CoreSet& cores_;
};

// Core 0 accepts and core 1 serves; one of them is this run.
class HandOverOfOne {
 public:
  explicit HandOverOfOne(std::size_t here) : here_(here) {}

  Task<absl::Status> Main() {
    CoreSet cores(2);
    const AllAreCounted counted(cores);
    const ServedThere there(neighbour_, cores, 1 - here_, port_, served_);
    std::optional<Client> client;
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await Serve(cores, here_, port_, served_);
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      co_await WaitAllTasksBlocked();
      client.emplace(port_);
      co_await Try(WaitReadable(client->fd()));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  }

  int served() const { return served_; }

 private:
  const std::size_t here_;
  const std::uint16_t port_ = FreePort();
  std::atomic<int> served_ = 0;
  Neighbour neighbour_;
};

void Sweep(std::size_t here, std::size_t points, std::size_t operations) {
  HandOverOfOne hand_over(here);
  auto body = [&]() -> Task<absl::Status> {
    co_return co_await hand_over.Main();
  };
  EXPECT_GE(CancelEverywhere(body), points);
  EXPECT_GE(FailEverywhere(body), operations);
  EXPECT_GE(hand_over.served(), 2);  // At least, where nothing is wrong.
}

TEST(HandOverSweepTest, TheCoreThatAccepts) { Sweep(0, 4, 2); }

TEST(HandOverSweepTest, TheCoreThatServes) { Sweep(1, 6, 3); }

}  // namespace
}  // namespace creche
