// SPDX-License-Identifier: Apache-2.0

#include "creche/net/serve_tcp.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/sleep.h"

namespace creche::internal {

Task<> ConnectionLimit::WaitForRoom() {
  while (count_ >= max_) co_await waiting_.Park("room for a connection");
}

void Draining::Begin() {
  has_begun_ = true;
  scope_.set_deadline(Now() + grace_);
  waiting_.UnparkAll();
}

Task<> Draining::WaitUntilItBegins() {
  if (!has_begun_) co_await waiting_.Park("the end of the server");
}

Task<absl::StatusOr<TcpStream>> AcceptPatiently(TcpListener& listener,
                                                absl::Duration retry_after) {
  for (;;) {
    absl::StatusOr<TcpStream> stream = co_await listener.Accept();
    if (!absl::IsResourceExhausted(stream.status())) co_return stream;
    co_await SleepFor(retry_after);
  }
}

}  // namespace creche::internal
