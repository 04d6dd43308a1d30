// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/operation.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

// io_uring as it is, as it was in older kernels, and epoll.
struct Kernel {
  Backend backend = Backend::kUring;
  UringFeatures features = {};
};

std::vector<Kernel> Kernels() {
  std::vector<Kernel> kernels(5);
  for (size_t i = 1; i < kernels.size(); ++i) {
    UringFeatures& features = kernels[i].features;
    features.defer_taskrun = false;
    features.skip_success = i < 2;
    features.single_issuer = i < 2;
    features.coop_taskrun = i < 3;
    features.submit_all = i < 4;
    features.registered_ring = i < 4;
  }
  kernels.push_back({Backend::kEpoll});
  return kernels;
}

class UringTest : public ::testing::TestWithParam<Kernel> {
 protected:
  template <typename F>
  auto Run(F& main) {
    RunOptions options;
    options.backend = GetParam().backend;
    options.uring_features = GetParam().features;
    options.ring_entries = 64;
    return creche::Run(std::move(options), main);
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, UringTest, ::testing::ValuesIn(Kernels()));

Task<int> Read(int fd, char* buffer, unsigned size) {
  auto prepare = [=](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, fd, buffer, size, 0);
  };
  co_return co_await Uring(prepare);
}

TEST_P(UringTest, GivesResultsAndErrors) {
  auto main = [&]() -> Task<> {
    Pipe pipe;
    char buffer[16];
    EXPECT_EQ(write(pipe.write_end(), "hello", 5), 5);
    const int count = co_await Read(pipe.read_end(), buffer, sizeof(buffer));
    EXPECT_EQ(count, 5);
    pipe.CloseSecond();
    const int end = co_await Read(pipe.read_end(), buffer, sizeof(buffer));
    EXPECT_EQ(end, 0);
    const int bad = co_await Read(-1, buffer, sizeof(buffer));
    EXPECT_EQ(bad, -EBADF);
  };
  EXPECT_THAT(Run(main), IsOk());
}

// A kind of operation that waits, and how to end its wait.
struct Waiting {
  std::function<void(io_uring_sqe&)> prepare;
  std::function<void()> complete;
  std::function<bool(int)> is_success;
};

class Fixture {
 public:
  Fixture() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    bind(listener_, reinterpret_cast<sockaddr*>(&address_), size);
    listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    std::string block(1 << 16, 'x');
    FillUp(full_pipe_.write_end(), block);
    FillUp(full_sockets_.first(), block);
  }
  ~Fixture() {
    close(listener_);
    if (client_ >= 0) close(client_);
  }

  std::vector<Waiting> All() {
    return {
        {[&](io_uring_sqe& entry) {
           io_uring_prep_read(&entry, pipe_.read_end(), buffer_, 8, 0);
         },
         [&] { EXPECT_EQ(write(pipe_.write_end(), "12345678", 8), 8); },
         [](int result) { return result == 8; }},
        {[&](io_uring_sqe& entry) {
           io_uring_prep_recv(&entry, sockets_.first(), buffer_, 8, 0);
         },
         [&] { EXPECT_EQ(write(sockets_.second(), "12345678", 8), 8); },
         [](int result) { return result == 8; }},
        {[&](io_uring_sqe& entry) {
           io_uring_prep_send(&entry, full_sockets_.first(), "x", 1, 0);
         },
         [&] { Drain(full_sockets_.second()); },
         [](int result) { return result == 1; }},
        {[&](io_uring_sqe& entry) {
           io_uring_prep_write(&entry, full_pipe_.write_end(), "x", 1, 0);
         },
         [&] { Drain(full_pipe_.read_end()); },
         [](int result) { return result == 1; }},
        {[&](io_uring_sqe& entry) {
           io_uring_prep_poll_add(&entry, polled_.read_end(), POLLIN);
         },
         [&] { EXPECT_EQ(write(polled_.write_end(), "x", 1), 1); },
         [](int result) { return result == POLLIN; }},
        {[&](io_uring_sqe& entry) {
           io_uring_prep_accept(&entry, listener_, nullptr, nullptr,
                                SOCK_CLOEXEC);
         },
         [&] { Connect(); },
         [](int result) { return result >= 0 && close(result) == 0; }},
        {[&](io_uring_sqe& entry) {
           io_uring_prep_timeout(&entry, &an_hour_, 1, 0);
         },
         [] {},  // Cannot be made to happen.
         [](int) { return false; }},
    };
  }

 private:
  static void FillUp(int fd, const std::string& block) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, block.data(), block.size()) > 0) {
    }
    while (write(fd, "x", 1) > 0) {
    }
    fcntl(fd, F_SETFL, 0);
  }
  void Drain(int fd) {
    int left = 0;
    while (ioctl(fd, FIONREAD, &left) == 0 && left > 0) {
      const ssize_t count = read(fd, sink_, sizeof(sink_));
      if (count <= 0) break;
    }
  }
  void Connect() {
    client_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(client_, reinterpret_cast<sockaddr*>(&address_),
                      sizeof(address_)),
              0);
  }

  Pipe pipe_, full_pipe_, polled_;
  SocketPair sockets_, full_sockets_;
  int listener_ = -1;
  int client_ = -1;
  sockaddr_in address_ = {};
  char buffer_[8] = {};
  char sink_[1 << 16] = {};
  __kernel_timespec an_hour_ = {3600, 0};
};

// Awaits `waiting` in a scope, and when it waits, calls `act`.
Task<std::optional<int>> Await(const Waiting& waiting,
                               std::function<void(CancelScope&)> act) {
  std::optional<int> result;
  CancelScope scope;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto act_when_it_waits = [&]() -> Task<> {
      co_await Checkpoint();
      co_await Checkpoint();
      act(scope);
    };
    nursery.StartSoon(act_when_it_waits);
    auto wait = [&]() -> Task<> { result = co_await Uring(waiting.prepare); };
    co_await scope.Run(wait);
  };
  (co_await WithNursery(body)).IgnoreError();
  EXPECT_EQ(scope.cancelled_caught(), !result.has_value());
  co_return result;
}

TEST_P(UringTest, EveryKindIsCancelledWhileItWaits) {
  const size_t files = OpenFiles();
  auto main = [&]() -> Task<> {
    Fixture fixture;
    std::vector<Waiting> kinds = fixture.All();
    if (GetParam().backend == Backend::kEpoll) kinds.pop_back();  // A timeout.
    for (const Waiting& waiting : kinds) {
      std::optional<int> result =
          co_await Await(waiting, [](CancelScope& scope) { scope.Cancel(); });
      EXPECT_EQ(result, std::nullopt);
    }
  };
  EXPECT_THAT(Run(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

TEST_P(UringTest, EveryKindCompletes) {
  const size_t files = OpenFiles();
  auto main = [&]() -> Task<> {
    Fixture fixture;
    std::vector<Waiting> kinds = fixture.All();
    kinds.pop_back();
    for (const Waiting& waiting : kinds) {
      std::optional<int> result =
          co_await Await(waiting, [&](CancelScope&) { waiting.complete(); });
      EXPECT_TRUE(result.has_value() && waiting.is_success(*result));
    }
  };
  EXPECT_THAT(Run(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

// Either the operation ended with its success, or what would have completed it
// is there for the next one.
TEST_P(UringTest, EveryKindIsCancelledAtTheMomentItCompletes) {
  const size_t files = OpenFiles();
  for (bool complete_first : {true, false}) {
    auto main = [&]() -> Task<> {
      Fixture fixture;
      std::vector<Waiting> kinds = fixture.All();
      kinds.pop_back();
      for (const Waiting& waiting : kinds) {
        auto both = [&](CancelScope& scope) {
          if (complete_first) waiting.complete();
          scope.Cancel();
          if (!complete_first) waiting.complete();
        };
        std::optional<int> result = co_await Await(waiting, both);
        if (!result.has_value()) {
          result = co_await Await(waiting, [](CancelScope&) {});
        }
        EXPECT_TRUE(result.has_value() && waiting.is_success(*result));
      }
    };
    EXPECT_THAT(Run(main), IsOk());
    EXPECT_EQ(OpenFiles(), files);
  }
}

TEST_P(UringTest, HasManyMoreOperationsUnderWayThanEntries) {
  constexpr int kOperations = 10'000;
  int completed = 0;
  auto main = [&]() -> Task<> {
    Pipe pipe;
    auto wait = [&]() -> Task<> {
      auto prepare = [&](io_uring_sqe& entry) {
        io_uring_prep_poll_add(&entry, pipe.read_end(), POLLIN);
      };
      const int result = co_await Uring(prepare);
      if (result == POLLIN) ++completed;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < kOperations; ++i) nursery.StartSoon(wait);
      co_await Checkpoint();
      co_await Checkpoint();
      EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
    };
    (co_await WithNursery(body)).IgnoreError();
  };
  EXPECT_THAT(Run(main), IsOk());
  EXPECT_EQ(completed, kOperations);
}

TEST_P(UringTest, ManyAreCancelledAtOnce) {
  constexpr int kOperations = 10'000;
  auto main = [&]() -> Task<> {
    Pipe pipe;
    auto wait = [&]() -> Task<> {
      char byte = 0;
      co_await Read(pipe.read_end(), &byte, 1);
      ADD_FAILURE() << "there was nothing to read";
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < kOperations; ++i) nursery.StartSoon(wait);
      co_await Checkpoint();
      co_await Checkpoint();
      nursery.Cancel();
    };
    (co_await WithNursery(body)).IgnoreError();
  };
  EXPECT_THAT(Run(main), IsOk());
}

// The next operation of a loop is likely to have the address of the one before.
TEST_P(UringTest, ACancellationNeverHitsTheNextOperation) {
  auto main = [&]() -> Task<> {
    Pipe pipe;
    char byte = 0;
    for (int round = 0; round < 500; ++round) {
      if (round % 2 == 0) {
        EXPECT_EQ(write(pipe.write_end(), "x", 1), 1);
      }
      auto read_once = [&]() -> Task<> {
        co_await Read(pipe.read_end(), &byte, 1);
      };
      CancelScope scope;
      auto body = [&](Nursery& nursery) -> Task<> {
        auto cancel = [&]() -> Task<> {
          co_await Checkpoint();
          scope.Cancel();
        };
        nursery.StartSoon(cancel);
        co_await scope.Run(read_once);
      };
      (co_await WithNursery(body)).IgnoreError();
      int left = 0;
      ioctl(pipe.read_end(), FIONREAD, &left);
      if (left == 0) {
        EXPECT_EQ(write(pipe.write_end(), "y", 1), 1);
      }
      const int count = co_await Read(pipe.read_end(), &byte, 1);
      EXPECT_EQ(count, 1);
    }
  };
  EXPECT_THAT(Run(main), IsOk());
}

TEST_P(UringTest, ADeadlineEndsAWait) {
  auto main = [&]() -> Task<> {
    Pipe pipe;
    char byte = 0;
    const std::optional<int> result = co_await MoveOnAfter(
        absl::Milliseconds(1), Read(pipe.read_end(), &byte, 1));
    EXPECT_EQ(result, std::nullopt);
  };
  EXPECT_THAT(Run(main), IsOk());
}

// A pipe would not do: before Linux 6.4 it is a thread that reads it, and what
// that has read comes later.
TEST_P(UringTest, WhatHasComeBeatsATimeoutThatIsDue) {
  auto main = [&]() -> Task<> {
    SocketPair sockets;
    char byte = 0;
    std::optional<int> result;
    CancelScope scope;
    auto receive = [&](io_uring_sqe& entry) {
      io_uring_prep_recv(&entry, sockets.first(), &byte, 1, 0);
    };
    auto late_receive = [&]() -> Task<> {
      auto body = [&](Nursery& nursery) -> Task<> {
        auto send_late = [&]() -> Task<> {
          EXPECT_EQ(write(sockets.second(), "x", 1), 1);
          scope.set_deadline(Now());
          co_return;
        };
        nursery.StartSoon(send_late);
        result = co_await Uring(receive);
      };
      (co_await WithNursery(body)).IgnoreError();
    };
    co_await scope.Run(late_receive);
    EXPECT_EQ(result, 1);
  };
  EXPECT_THAT(Run(main), IsOk());
}

TEST_P(UringTest, ARunInsideARunIsRefused) {
  auto main = [&]() -> Task<absl::Status> {
    auto inner = []() -> Task<> { co_return; };
    co_return creche::Run(inner);
  };
  EXPECT_EQ(Run(main).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace creche
