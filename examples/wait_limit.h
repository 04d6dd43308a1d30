// SPDX-License-Identifier: Apache-2.0
//
// WaitLimit: how long, and how many at a time, a server waits for its clients.
//
//   examples::WaitLimit waits(1000, absl::Seconds(10));
//   std::string line = co_await creche::Try(waits.For(reader.ReadLine()));
//
// A time limit alone is not enough: clients that say nothing could take all
// places for that long. So whoever comes when all are taken gets the place of
// the client that has been waited for longest.

#ifndef EXAMPLES_WAIT_LIMIT_H_
#define EXAMPLES_WAIT_LIMIT_H_

#include <cstddef>
#include <list>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace examples {

class WaitLimit {
 public:
  // Requires: max_waits >= 1.
  WaitLimit(std::size_t max_waits, absl::Duration max_time)
      : max_waits_(max_waits), max_time_(max_time) {}
  WaitLimit(const WaitLimit&) = delete;
  WaitLimit& operator=(const WaitLimit&) = delete;

  // What `wait`, a task that waits for a client, gives: a Status or a StatusOr.
  // Cancellation: as of `wait`.
  // Errors: those of `wait`. IsTimeout: it took too long. kAborted: another
  //   client got the place.
  template <typename Result>
  creche::Task<Result> For(creche::Task<Result> wait) {
    creche::CancelScope scope;
    const auto place = waits_.insert(waits_.end(), &scope);
    const absl::Cleanup leave = [&] {
      if (!scope.cancel_called()) waits_.erase(place);
    };
    if (waits_.size() > max_waits_) {
      waits_.front()->Cancel("another client needs the place");
      waits_.pop_front();
    }
    auto timed = creche::FailAfter(max_time_, std::move(wait));
    std::optional<Result> result = co_await scope.Run(std::move(timed));
    if (result.has_value()) co_return *std::move(result);
    co_return absl::AbortedError(scope.reason());
  }

 private:
  const std::size_t max_waits_;
  const absl::Duration max_time_;
  // Those that go on, by their begin. Who cancels one takes it out.
  std::list<creche::CancelScope*> waits_;
};

}  // namespace examples

#endif  // EXAMPLES_WAIT_LIMIT_H_
