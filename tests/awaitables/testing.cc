// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of testing/.

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/testing/expect_checkpoint.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/sequencer.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kCannotFail = "it has no errors";
constexpr const char* kErrorsOfTheBody = "it has no errors but the body's";

struct MemoryPair {
  MemoryPair() : MemoryPair(MemoryStreamPair(4)) {}

  auto SendLater() {
    return
        [this]() -> Task<> { (co_await there.SendAll("data")).IgnoreError(); };
  }
  auto ReceiveLater() {
    return [this]() -> Task<> {
      (co_await there.ReceiveSome(absl::MakeSpan(buffer))).IgnoreError();
    };
  }

  MemoryStream here;
  MemoryStream there;
  char buffer[4] = {};

 private:
  explicit MemoryPair(std::pair<MemoryStream, MemoryStream> ends)
      : here(std::move(ends.first)), there(std::move(ends.second)) {}
};

Task<absl::Status> MemoryHasCome() {
  MemoryPair pair;
  co_await Try(pair.there.SendAll("data"));
  co_return co_await AtOnce(pair.here.ReceiveSome(absl::MakeSpan(pair.buffer)));
}

Task<absl::Status> MemoryComes() {
  MemoryPair pair;
  co_return co_await UntilItIsDone(
      pair.here.ReceiveSome(absl::MakeSpan(pair.buffer)), pair.SendLater());
}

Task<absl::Status> ClosedMemoryReceives() {
  MemoryPair pair;
  pair.here.Close();
  co_return co_await Refused(pair.here.ReceiveSome(absl::MakeSpan(pair.buffer)),
                             IsClosedResource);
}

Task<absl::Status> MemoryHasRoom() {
  MemoryPair pair;
  co_return co_await AtOnce(pair.here.SendAll("data"));
}

Task<absl::Status> MemoryHasRoomForNothing() {
  MemoryPair pair;
  co_return co_await AtOnce(pair.here.SendAll(""));
}

Task<absl::Status> MemoryGetsRoom() {
  MemoryPair pair;
  co_return co_await UntilItIsDone(pair.here.SendAll("more data"),
                                   [&]() -> Task<> {
                                     auto receive = pair.ReceiveLater();
                                     co_await receive();
                                     co_await receive();
                                     co_await receive();
                                   });
}

Task<absl::Status> ClosedMemorySends() {
  MemoryPair pair;
  pair.here.Close();
  co_return co_await Refused(pair.here.SendAll("data"), IsClosedResource);
}

Task<absl::Status> MemorySendsTheEnd() {
  MemoryPair pair;
  co_return co_await AtOnce(pair.here.SendEof());
}

Task<absl::Status> ClosedMemorySendsTheEnd() {
  MemoryPair pair;
  pair.here.Close();
  co_return co_await Refused(pair.here.SendEof(), IsClosedResource);
}

Task<> Empty() { co_return; }

Task<> Sleeps() { co_await SleepFor(absl::Seconds(1)); }

Task<> PassesACheckpoint() { co_await Checkpoint(); }

Task<absl::Status> ExpectsACheckpoint() {
  co_await ExpectCheckpoint(PassesACheckpoint());
  co_return absl::OkStatus();
}

Task<absl::Status> ExpectsASleep() {
  co_await ExpectCheckpoint(Sleeps());
  co_return absl::OkStatus();
}

Task<absl::Status> ExpectsNone() {
  co_await ExpectNoCheckpoint(Empty());
  co_return absl::OkStatus();
}

Task<absl::Status> EveryoneIsBlocked() {
  co_return co_await AtOnce(WaitAllTasksBlocked());
}

Task<> PassesTwoCheckpoints() {
  co_await Checkpoint();
  co_await Checkpoint();
}

Task<absl::Status> EveryoneBecomesBlocked() {
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(PassesTwoCheckpoints);
    co_return co_await AtOnce(WaitAllTasksBlocked());
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> TurnIsHere() {
  Sequencer sequencer;
  co_return co_await AtOnce(sequencer(0));
}

Task<absl::Status> TurnComes() {
  Sequencer sequencer;
  std::optional<Sequencer::Turn> first;
  first.emplace(co_await sequencer(0));
  co_return co_await UntilItIsDone(sequencer(1), [&] { first.reset(); });
}

}  // namespace

std::vector<Awaitable> TestingAwaitables() {
  constexpr Kernel kUnused = Kernel::kUnused;
  return {
      {"MemoryStream::ReceiveSome", MemoryHasCome, MemoryComes,
       ClosedMemoryReceives},
      {"MemoryStream::SendAll",
       MemoryHasRoom,
       MemoryGetsRoom,
       ClosedMemorySends,
       kUnused,
       {MemoryHasRoomForNothing}},
      {"MemoryStream::SendEof", MemorySendsTheEnd, "it never waits",
       ClosedMemorySendsTheEnd},
      {"ExpectCheckpoint", ExpectsACheckpoint, ExpectsASleep, kErrorsOfTheBody},
      {"ExpectNoCheckpoint", ExpectsNone,
       "it is a failure of the test if the body waits", kErrorsOfTheBody},
      {"Sequencer::operator()", TurnIsHere, TurnComes, kCannotFail},
      {"WaitAllTasksBlocked", EveryoneIsBlocked, EveryoneBecomesBlocked,
       kCannotFail},
  };
}

}  // namespace creche::awaitables
