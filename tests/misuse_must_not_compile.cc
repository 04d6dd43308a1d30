// SPDX-License-Identifier: Apache-2.0
//
// Correct code, with a mistake in each #ifdef that was made by people who wrote
// their first program. See bazel/compile_fail_test.bzl.

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace creche {
namespace {

Task<absl::Status> Main(int port) {
#ifdef NURSERY_BODY_WITHOUT_A_RETURN_TYPE
  auto body = [](Nursery& nursery) { co_return absl::OkStatus(); };
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

Task<absl::Status> Work(Nursery& nursery) {
#if defined(CHILD_WITHOUT_ITS_ARGUMENT)
  nursery.StartSoon(Main);
#else
  nursery.StartSoon(Main, 80);
#endif
  co_return absl::OkStatus();
}

}  // namespace

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
