// SPDX-License-Identifier: Apache-2.0

#include "creche/net/serve_tcp.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/sleep.h"

namespace creche::internal {

namespace {

// With a default limit like this there are so many descriptors that a whole
// backlog (4,096 on most systems), which the kernel may accept before it hears
// that it is too much, leaves enough of them.
constexpr size_t kManyConnections = 8192;

size_t LimitOf(const ServeOptions& options, size_t servers) {
  const size_t limit = options.max_connections();
  if (options.has_max_connections()) return limit;
  return std::max<size_t>(limit / servers, 1);
}

bool AllowsAcceptAhead(const ServeOptions& options) {
  const size_t limit = options.max_connections();
  return options.has_max_connections() ? limit == ServeOptions::kUnlimited
                                       : limit >= kManyConnections;
}

}  // namespace

size_t HalfOfDescriptors() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ServeOptions::kUnlimited;
  return std::max<rlim_t>(limit.rlim_cur / 2, 1);
}

ConnectionLimit::ConnectionLimit(const ServeOptions& options, size_t servers)
    : max_(LimitOf(options, servers)),
      allows_accept_ahead_(AllowsAcceptAhead(options)) {
  if (max_ == 0) {
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
                                                bool ahead,
                                                absl::Duration retry_after) {
  for (;;) {
    auto accepting = ahead ? listener.Accept() : listener.AcceptOne();
    absl::StatusOr<TcpStream> stream = co_await std::move(accepting);
    if (!absl::IsResourceExhausted(stream.status())) co_return stream;
    co_await SleepFor(retry_after);
  }
}

}  // namespace creche::internal
