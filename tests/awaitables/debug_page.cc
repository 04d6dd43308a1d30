// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of debug_page/.

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/debug_page/serve_debug_page.h"
#include "creche/net/tcp_listener.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kServesForEver = "it ends only with an error";
constexpr const char* kNoAddressIsWrong = "it serves on every address";

Task<absl::Status> ServesUntilATimeout() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  auto serve =
      MoveOnAfter(absl::Seconds(1), ServeDebugPage(std::move(listener)));
  co_return co_await AtOnce(std::move(serve));
}

Task<absl::Status> ServesOnNoLoopback() {
  TcpListener listener = co_await Try(ListenTcp("0.0.0.0", 0));
  co_return co_await Refused(ServeDebugPage(std::move(listener)),
                             absl::IsInvalidArgument);
}

Task<absl::Status> ServesAnywhereUntilATimeout() {
  TcpListener listener = co_await Try(ListenTcp("0.0.0.0", 0));
  auto serve = MoveOnAfter(absl::Seconds(1),
                           DangerouslyServeDebugPage(std::move(listener)));
  co_return co_await AtOnce(std::move(serve));
}

}  // namespace

std::vector<Awaitable> DebugPageAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"ServeDebugPage", kServesForEver, ServesUntilATimeout,
       ServesOnNoLoopback, kUsed},
      {"DangerouslyServeDebugPage", kServesForEver, ServesAnywhereUntilATimeout,
       kNoAddressIsWrong, kUsed},
  };
}

}  // namespace creche::awaitables
