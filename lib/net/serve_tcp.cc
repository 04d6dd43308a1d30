// SPDX-License-Identifier: Apache-2.0

#include "creche/net/serve_tcp.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/sleep.h"

namespace creche::internal {

ConnectionLimit::ConnectionLimit(size_t max) : max_(max) {
  if (max == 0) {
    Misuse(
        "ServeOptions::set_max_connections(): at least 1, or nobody is "
        "ever served");
  }
}

Task<> ConnectionLimit::WaitForRoom() {
  while (count_ >= max_) co_await waiting_.Park("room for a connection");
}

void GracePeriod::Begin() {
  has_begun_ = true;
  scope_.set_deadline(Now() + grace_);
  waiting_.UnparkAll();
}

Task<> GracePeriod::WaitUntilItBegins() {
  if (!has_begun_) co_await waiting_.Park("the end of the server");
}

Task<absl::StatusOr<TcpStream>> AcceptPatiently(TcpListener& listener,
                                                const ServeOptions& options) {
  const bool has_limit = options.max_connections() != ServeOptions::kUnlimited;
  for (;;) {
    auto accepting = has_limit ? listener.AcceptOne() : listener.Accept();
    absl::StatusOr<TcpStream> stream = co_await std::move(accepting);
    if (!absl::IsResourceExhausted(stream.status())) co_return stream;
    co_await SleepFor(options.retry_after());
  }
}

}  // namespace creche::internal
