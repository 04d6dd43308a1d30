// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/debug_page/, compiled.

#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"
#include "creche/debug_page/serve_debug_page.h"

namespace debug_page_examples {

creche::Task<absl::Status> StartDebugPage(creche::Nursery& nursery) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", 6060));
  nursery.StartSoon(creche::ServeDebugPage, std::move(listener));
  co_return absl::OkStatus();
}

}  // namespace debug_page_examples
