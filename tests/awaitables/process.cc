// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of process/ and signals/.

#include "creche/process/process.h"

#include <csignal>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/process/command.h"
#include "creche/process/run_process.h"
#include "creche/signals/with_signals.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"
#include "tests/support/deaf_process.h"

namespace creche::awaitables {
namespace {

constexpr const char* kAlwaysWaits = "no process ends at once";
constexpr const char* kThreadDecides = "a thread starts it";

Command NoProgram() { return Command("/no/such/program"); }

Task<absl::Status> RunsTrue() {
  co_return co_await AtOnce(RunProcess(Command("true")));
}

Task<absl::Status> RunsNoProgram() {
  co_return co_await Refused(RunProcess(NoProgram()), absl::IsNotFound);
}

Task<absl::Status> StartsTrue() {
  co_return co_await AtOnce(Process::Start(Command("true")));
}

Task<absl::Status> StartsNoProgram() {
  co_return co_await Refused(Process::Start(NoProgram()), absl::IsNotFound);
}

Task<absl::Status> HasEnded() {
  Process process = co_await Try(Process::Start(Command("true")));
  co_await Try(process.Wait());
  co_return co_await AtOnce(process.Wait());
}

Task<absl::Status> Ends() {
  Process process = co_await Try(Process::Start(Command("cat").pipe_input()));
  co_return co_await UntilItIsDone(process.Wait(),
                                   [&] { process.input().Close(); });
}

Task<absl::Status> StopsWhatHasEnded() {
  Process process = co_await Try(Process::Start(Command("true")));
  co_await Try(process.Wait());
  co_return co_await AtOnce(process.Stop());
}

// One that heard the first signal could have ended before it is waited for.
Task<absl::Status> StopsWhatIsDeaf() {
  Process process = co_await Try(StartDeafProcess(/*has_new_group=*/false));
  co_return co_await AtOnce(process.Stop());
}

Task<> ReceivesOne(SignalReceiver& receiver) { co_await receiver.Receive(); }

// The signals that a cancelled use has not received are ignored after it.
Task<absl::Status> HasSignals() {
  signal(SIGUSR2, SIG_IGN);
  auto body = [](SignalReceiver& receiver) -> Task<> {
    raise(SIGUSR2);
    co_await ReceivesOne(receiver);
  };
  co_return co_await Awaited(WithSignals(SignalSet(SIGUSR2), body));
}

Task<absl::Status> HasNoSuchSignal() {
  co_return co_await Refused(WithSignals(SignalSet(SIGKILL), ReceivesOne),
                             absl::IsInvalidArgument);
}

Task<absl::Status> SignalHasCome() {
  signal(SIGUSR2, SIG_IGN);
  auto body = [](SignalReceiver& receiver) -> Task<absl::Status> {
    raise(SIGUSR2);
    co_return co_await AtOnce(receiver.Receive());
  };
  co_return co_await WithSignals(SignalSet(SIGUSR2), body);
}

Task<absl::Status> SignalComes() {
  signal(SIGUSR2, SIG_IGN);
  auto body = [](SignalReceiver& receiver) -> Task<absl::Status> {
    co_return co_await UntilItIsDone(receiver.Receive(),
                                     [] { raise(SIGUSR2); });
  };
  co_return co_await WithSignals(SignalSet(SIGUSR2), body);
}

}  // namespace

std::vector<Awaitable> ProcessAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"RunProcess", RunsTrue, kAlwaysWaits, RunsNoProgram, kUsed},
      {"Process::Start", StartsTrue, kThreadDecides, StartsNoProgram},
      {"Process::Wait", HasEnded, Ends, "it has no errors of use", kUsed},
      {"Process::Stop",
       StopsWhatHasEnded,
       kAlwaysWaits,
       "it has no errors of use",
       kUsed,
       {StopsWhatIsDeaf}},
      {"WithSignals", HasSignals, "its body waits", HasNoSuchSignal},
      {"SignalReceiver::Receive", SignalHasCome, SignalComes, "it cannot fail"},
  };
}

}  // namespace creche::awaitables
