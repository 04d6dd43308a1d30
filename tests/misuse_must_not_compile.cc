// SPDX-License-Identifier: Apache-2.0
//
// Correct code, with a mistake in each #ifdef that was made by people who wrote
// their first program. See bazel/compile_fail_test.bzl.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace creche {
namespace {

Task<absl::Status> Main(int port) {
#if defined(NURSERY_BODY_WITHOUT_A_RETURN_TYPE)
  auto body = [](Nursery& nursery) { co_return absl::OkStatus(); };
#elif defined(NURSERY_BODY_WITHOUT_A_NURSERY)
  auto body = []() -> Task<absl::Status> { co_return absl::OkStatus(); };
#else
  auto body = [](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([]() -> Task<> { co_await Checkpoint(); });
    co_return absl::OkStatus();
  };
#endif
  co_await Try(WithNursery(body));
  TcpListener listener =
      co_await Try(ListenTcp("", static_cast<std::uint16_t>(port)));
#if defined(HANDLER_OF_SOMETHING_ELSE)
  auto handler = [](int) -> Task<> { co_return; };
#elif defined(HANDLER_OF_A_REFERENCE)
  auto handler = [](TcpStream&) -> Task<> { co_return; };
#elif defined(HANDLER_THAT_IS_NO_COROUTINE)
  auto handler = [](TcpStream) {};
#else
  auto handler = [](TcpStream) -> Task<> { co_return; };
#endif
  co_return co_await ServeTcp(std::move(listener), handler);
}

struct Server {
  Task<absl::Status> Serve(int port) { co_return co_await Main(port); }
};

Task<absl::Status> Work(Nursery& nursery) {
#if defined(CHILD_WITHOUT_ITS_ARGUMENT)
  nursery.StartSoon(Main);
#elif defined(CHILD_WITHOUT_A_MOVE)
  auto server = std::make_unique<Server>();
  nursery.StartSoon(&Server::Serve, server, 80);
#elif defined(CHILD_THAT_IS_NO_COROUTINE)
  nursery.StartSoon([] { return 80; });
#elif defined(CHILD_WITHOUT_ITS_OBJECT)
  nursery.StartSoon(&Server::Serve, 80);
#else
  nursery.StartSoon(&Server::Serve, std::make_unique<Server>(), 80);
  nursery.StartSoon(Main, 80);
#endif
  co_return absl::OkStatus();
}

}  // namespace

inline Task<> OnHangup() {
  auto body = [](SignalReceiver& signals) -> Task<> {
    co_await signals.Receive();
  };
#if defined(SIGNALS_OF_A_NUMBER)
  (co_await WithSignals(SIGHUP, body)).IgnoreError();
#elif defined(SIGNALS_OF_A_LIST)
  (co_await WithSignals({SIGHUP, SIGINT}, body)).IgnoreError();
#else
  (co_await WithSignals(SignalSet(SIGHUP), body)).IgnoreError();
#endif
}

inline Task<int> Answer() { co_return 42; }
inline int Compute() { return 42; }

inline Task<absl::Status> UseThem(CancelScope& scope) {
#if defined(CHANNEL_OF_REFERENCES)
  auto [send, receive] = MakeChannel<int&>(1);
#else
  auto [send, receive] = MakeChannel<int>(1);
#endif
#if defined(SELECT_OF_A_TASK)
  co_await Select(receive.Receive(), Answer());
#else
  co_await Select(receive.Receive(), SleepForever());
#endif
#if defined(THREAD_OF_A_COROUTINE)
  co_await Try(RunInThread(Answer));
#else
  co_await Try(RunInThread(Compute));
#endif
#if defined(AWAIT_A_NUMBER)
  co_await Compute();
#else
  co_await Answer();
#endif
#if defined(SCOPE_BODY_WITH_A_PARAMETER)
  auto body = [](CancelScope&) -> Task<> { co_return; };
#else
  auto body = []() -> Task<> { co_return; };
#endif
  co_await scope.Run(body);
  co_return absl::OkStatus();
}

inline Task<absl::Status> Wait() {
#if defined(SLEEP_OF_CHRONO)
  co_await SleepFor(std::chrono::seconds(1));
#elif defined(SLEEP_UNTIL_CHRONO)
  co_await SleepUntil(std::chrono::system_clock::now());
#else
  co_await SleepFor(absl::Seconds(1));
#endif
#if defined(TIMEOUT_OF_CHRONO)
  co_await Try(FailAfter(std::chrono::seconds(1), Answer()));
#else
  co_await Try(FailAfter(absl::Seconds(1), Answer()));
#endif
#if defined(TIMEOUT_AFTER_ITS_BODY)
  co_await MoveOnAfter(Answer(), absl::Seconds(1));
#elif defined(DEADLINE_OF_A_DURATION)
  co_await MoveOnAt(absl::Seconds(1), Answer());
#else
  co_await MoveOnAfter(absl::Seconds(1), Answer());
#endif
#if defined(TRY_OF_A_NUMBER)
  co_await Try(Compute());
#endif
  std::vector<Task<int>> answers;
  answers.push_back(Answer());
#if defined(ALL_OF_AN_LVALUE)
  co_await Try(WhenAll(answers));
#else
  co_await Try(WhenAll(std::move(answers)));
#endif
#if defined(RESULT_OF_ANOTHER_TYPE)
  co_return 42;
#else
  co_return absl::OkStatus();
#endif
}

inline void Send(Sender<std::unique_ptr<int>>& send,
                 const std::unique_ptr<int>& value) {
#if defined(TRY_SEND_WITHOUT_A_MOVE)
  send.TrySend(value).IgnoreError();
#else
  send.TrySend(std::make_unique<int>(*value)).IgnoreError();
#endif
}

#if defined(CORES_MAIN_WITHOUT_A_CORE)
inline Task<absl::Status> OnCore() { co_return absl::OkStatus(); }
#else
inline Task<absl::Status> OnCore(Core&) { co_return absl::OkStatus(); }
#endif

inline absl::Status CorrectOnCores() {
  return RunOnCores(CoresOptions(), OnCore);
}

inline absl::Status Correct() {
#if defined(RUN_OF_A_TASK)
  return Run(Main(80));
#elif defined(RUN_WITHOUT_AN_ARGUMENT)
  return Run(Main);
#elif defined(RUN_WITH_OPTIONS_WITHOUT_AN_ARGUMENT)
  return Run({.ring_entries = 8}, Main);
#elif defined(RUN_OF_WHAT_IS_NO_COROUTINE)
  return Run([] { return absl::OkStatus(); });
#else
  return Run(Main, 80);
#endif
}

inline absl::Status CorrectToo() {
  return Run(
      []() -> Task<absl::Status> { co_return co_await WithNursery(Work); });
}

}  // namespace creche
