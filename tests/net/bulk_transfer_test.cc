// SPDX-License-Identifier: Apache-2.0
//
// Streams that carry much: a task receives and sends in its own step. Between
// the moment when it hears that there is something and that step, everything
// may happen.

#include <liburing.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/instrument.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/received_block.h"
#include "creche/run.h"
#include "creche/testing/features_to_test.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/counting_port.h"
#include "tests/support/open_files.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

constexpr size_t kMessage = size_t{64} << 10;
constexpr int kMessages = 6;

// Byte number i of what is sent.
char ByteAt(size_t i) { return static_cast<char>(i * 31 + (i >> 8)); }

std::string Message(size_t begin) {
  std::string message(kMessage, '\0');
  for (size_t i = 0; i < kMessage; ++i) message[i] = ByteAt(begin + i);
  return message;
}

// The ways to receive: what has come, appended; false at the end.
using ReceivePart = Task<absl::StatusOr<bool>> (*)(TcpStream&, std::string*);

Task<absl::StatusOr<bool>> BySome(TcpStream& stream, std::string* received) {
  std::vector<char> buffer(kMessage);
  const size_t size = co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
  received->append(buffer.data(), size);
  co_return size > 0;
}

Task<absl::StatusOr<bool>> ByBlocks(TcpStream& stream, std::string* received) {
  const ReceivedBlock block = co_await Try(stream.Receive());
  received->append(block.data(), block.size());
  co_return !block.empty();
}

// So much that a part of it has always come before the rest.
Task<absl::StatusOr<bool>> Exactly(TcpStream& stream, std::string* received) {
  std::string one_and_a_half(kMessage + kMessage / 2, '\0');
  const absl::Status status =
      co_await stream.ReceiveExactly(absl::MakeSpan(one_and_a_half));
  if (IsEndOfStream(status)) co_return false;
  co_await Try(status);
  received->append(one_and_a_half);
  co_return true;
}

struct Way {
  const char* name;
  ReceivePart receive;
};
std::ostream& operator<<(std::ostream& out, const Way& way) {
  return out << way.name;
}

class BulkTransferTest : public ::testing::TestWithParam<Way> {
 protected:
  // Receives until the end.
  Task<absl::Status> ReceiveAll(TcpStream& stream, std::string* received) {
    bool goes_on = true;
    while (goes_on) {
      auto part = GetParam().receive(stream, received);
      goes_on = co_await Try(std::move(part));
    }
    co_return absl::OkStatus();
  }

  static void ExpectAll(const std::string& received) {
    ASSERT_EQ(received.size(), kMessage * kMessages);
    for (size_t i = 0; i < received.size(); ++i) {
      ASSERT_EQ(received[i], ByteAt(i)) << "byte " << i;
    }
  }
};

// So that the receiver has received what has come, and waits for the next.
Task<> LetOthersWork() {
  for (int turn = 0; turn < 8; ++turn) co_await Checkpoint();
}

Task<absl::Status> SendAll(TcpStream& stream) {
  for (size_t i = 0; i < kMessages; ++i) {
    const std::string message = Message(i * kMessage);
    co_await Try(stream.SendAll(message));
    co_await LetOthersWork();
  }
  co_return co_await stream.SendEof();
}

Task<absl::Status> SendToServer(TcpPair& pair) {
  co_return co_await SendAll(pair.client);
}

TEST_P(BulkTransferTest, LosesNothing) {
  const size_t files = OpenFiles();
  CountingPort port;
  RunOptions options;
  options.port = &port;
  std::string received;
  const absl::Status status =
      creche::Run(std::move(options), [&]() -> Task<absl::Status> {
        TcpPair pair = co_await MakeTcpPair();
        auto body = [&](Nursery& nursery) -> Task<absl::Status> {
          nursery.StartSoon([&]() -> Task<absl::Status> {
            co_return co_await SendAll(pair.client);
          });
          co_return co_await ReceiveAll(pair.server, &received);
        };
        co_return co_await WithNursery(body);
      });
  EXPECT_THAT(status, IsOk());
  ExpectAll(received);
  EXPECT_GT(port.completed_at_once(IORING_OP_SEND), 0);
  EXPECT_GT(port.completed_at_once(IORING_OP_RECV), 0);
  EXPECT_EQ(OpenFiles(), files);
}

// Does something when the chosen step of the receiver begins; or, if it is to
// be repeated, whenever so many steps of all tasks have begun.
class AtStep final : public Instrument {
 public:
  AtStep(int chosen, std::function<void()> action, bool repeats = false)
      : chosen_(chosen),
        left_(chosen),
        action_(std::move(action)),
        repeats_(repeats) {}
  void StepBegins(const TaskId& task) override {
    if (!repeats_ && task.name() != "receiver") return;
    if (--left_ != 0) return;
    if (repeats_) left_ = chosen_;
    action_();
  }
  bool has_happened() const { return left_ <= 0; }

 private:
  const int chosen_;
  int left_;
  std::function<void()> action_;
  const bool repeats_;
};

// Runs `receive(stream)` as the task that `at_step` watches, and beside it
// `send(pair)`, which begins first.
template <typename Receive, typename Send>
absl::Status RunWithReceiver(AtStep& at_step, const Receive& receive,
                             const Send& send) {
  RunOptions options;
  options.uring_features = FeaturesToTest();
  options.instruments = {&at_step};
  return creche::Run(std::move(options), [&]() -> Task<absl::Status> {
    TcpPair pair = co_await MakeTcpPair();
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(Named("receiver", receive), std::ref(pair.server));
      co_return co_await send(pair);
    };
    co_return co_await WithNursery(body);
  });
}

TEST_P(BulkTransferTest, CancelledAtAnyStepLosesNothing) {
  int cancelled = 0;
  for (int step = 1;; ++step) {
    SCOPED_TRACE(step);
    CancelScope scope;
    AtStep at_step(step, [&] { scope.Cancel(); });
    std::string received;
    auto receive = [&](TcpStream& stream) -> Task<absl::Status> {
      co_await scope.Run([&]() -> Task<> {
        EXPECT_THAT(co_await ReceiveAll(stream, &received), IsOk());
      });
      co_return co_await ReceiveAll(stream, &received);
    };
    const absl::Status status = RunWithReceiver(at_step, receive, SendToServer);
    ASSERT_THAT(status, IsOk());
    ASSERT_NO_FATAL_FAILURE(ExpectAll(received));
    cancelled += scope.cancelled_caught() ? 1 : 0;
    if (!at_step.has_happened()) break;
  }
  EXPECT_GT(cancelled, 3);
}

TEST_P(BulkTransferTest, CancelledAgainAndAgainLosesNothing) {
  for (const int steps : {3, 4, 5, 7}) {
    SCOPED_TRACE(steps);
    CancelScope* current = nullptr;
    AtStep at_step(
        steps,
        [&] {
          if (current != nullptr) current->Cancel();
        },
        /*repeats=*/true);
    std::string received;
    auto receive = [&](TcpStream& stream) -> Task<absl::Status> {
      for (bool is_done = false; !is_done;) {
        CancelScope scope;
        current = &scope;
        is_done = co_await scope.Run([&]() -> Task<> {
          EXPECT_THAT(co_await ReceiveAll(stream, &received), IsOk());
        });
        current = nullptr;
      }
      co_return absl::OkStatus();
    };
    const absl::Status status = RunWithReceiver(at_step, receive, SendToServer);
    ASSERT_THAT(status, IsOk());
    ASSERT_NO_FATAL_FAILURE(ExpectAll(received));
  }
}

TEST_P(BulkTransferTest, ClosedAtAnyStepSaysSo) {
  const size_t files = OpenFiles();
  int closed = 0;
  for (int step = 1;; ++step) {
    SCOPED_TRACE(step);
    TcpStream* to_close = nullptr;
    AtStep at_step(step, [&] {
      if (to_close != nullptr) to_close->Close();
    });
    std::string received;
    absl::Status status;
    auto receive = [&](TcpStream& stream) -> Task<> {
      status = co_await ReceiveAll(stream, &received);
    };
    auto send = [&](TcpPair& pair) -> Task<absl::Status> {
      to_close = &pair.server;
      (void)co_await SendAll(pair.client);  // As far as there is a receiver.
      co_return absl::OkStatus();
    };
    const absl::Status run = RunWithReceiver(at_step, receive, send);
    ASSERT_THAT(run, IsOk());
    if (!at_step.has_happened()) break;
    if (!status.ok()) {
      ASSERT_TRUE(IsClosedResource(status)) << status;
      ++closed;
    }
  }
  EXPECT_GT(closed, 3);
  EXPECT_EQ(OpenFiles(), files);
}

INSTANTIATE_TEST_SUITE_P(Ways, BulkTransferTest,
                         ::testing::Values(Way{"ReceiveSome", BySome},
                                           Way{"Receive", ByBlocks},
                                           Way{"ReceiveExactly", Exactly}),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

// What was there when the task was woken may be gone at its turn: then it waits
// on. If it has been cancelled, too, nobody else would end that wait.
void StealAtAnyStep(ReceivePart receive_part, bool cancels) {
  for (int step = 1;; ++step) {
    SCOPED_TRACE(step);
    CancelScope scope;
    TcpStream* stolen_from = nullptr;
    size_t stolen = 0;
    bool has_left = false;
    std::string received;
    AtStep at_step(step, [&] {
      char buffer[4096];
      for (;;) {
        const ssize_t size =
            recv(stolen_from->fd(), buffer, sizeof(buffer), MSG_DONTWAIT);
        if (size <= 0) break;
        stolen += static_cast<size_t>(size);
      }
      if (cancels) scope.Cancel();
    });
    auto receive = [&](TcpStream& stream) -> Task<absl::Status> {
      co_await scope.Run([&]() -> Task<> {
        for (bool goes_on = true; goes_on;) {
          goes_on = (co_await receive_part(stream, &received)).value();
        }
      });
      has_left = scope.cancelled_caught();
      for (bool goes_on = true; goes_on;) {
        auto part = receive_part(stream, &received);
        goes_on = co_await Try(std::move(part));
      }
      co_return absl::OkStatus();
    };
    auto send = [&](TcpPair& pair) -> Task<absl::Status> {
      stolen_from = &pair.server;
      for (int i = 0; i < kMessages; ++i) {
        const std::string message = Message(0);
        co_await Try(pair.client.SendAll(message));
        co_await LetOthersWork();
        if (at_step.has_happened()) {
          EXPECT_EQ(has_left, cancels);
        }
      }
      co_return co_await pair.client.SendEof();
    };
    const absl::Status status = RunWithReceiver(at_step, receive, send);
    ASSERT_THAT(status, IsOk());
    EXPECT_EQ(received.size() + stolen, kMessages * kMessage);
    if (!at_step.has_happened()) break;
  }
}

TEST(BulkTransferThiefTest, WaitsOn) {
  StealAtAnyStep(BySome, /*cancels=*/false);
  StealAtAnyStep(ByBlocks, /*cancels=*/false);
}

TEST(BulkTransferThiefTest, DoesNotWaitOnIfCancelled) {
  StealAtAnyStep(BySome, /*cancels=*/true);
  StealAtAnyStep(ByBlocks, /*cancels=*/true);
}

}  // namespace
}  // namespace creche
