// SPDX-License-Identifier: Apache-2.0
//
// HandOver: connections on their way from the core that accepts them to those
// that serve them.

#ifndef CRECHE_LIB_CORES_HAND_OVER_H_
#define CRECHE_LIB_CORES_HAND_OVER_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "creche/cores/internal/counted_connection.h"
#include "creche/threads/thread_channel.h"
#include "creche/uring/file_descriptor.h"

namespace creche::internal {

// A descriptor belongs to no run; it is closed if nobody takes it.
struct HandedOver {
  FileDescriptor descriptor;
  CountedConnection counted;
};

// One for all cores. Thread safety: any thread.
class HandOver {
 public:
  explicit HandOver(CoreSet& cores);
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  // From now on core `index` takes what it is given, or does not any more: then
  // what it has not taken is closed.
  void BeginTaking(std::size_t index);
  void StopTaking(std::size_t index);

  // To the core that has the fewest of those that take any; is closed if none
  // does.
  void Give(FileDescriptor connection);
  // What was given to core `index`.
  ThreadReceiver<HandedOver>& at(std::size_t index) {
    return ways_[index]->receiver;
  }

 private:
  struct Way {
    explicit Way(
        std::pair<ThreadSender<HandedOver>, ThreadReceiver<HandedOver>> ends)
        : sender(std::move(ends.first)), receiver(std::move(ends.second)) {}

    ThreadSender<HandedOver> sender;
    ThreadReceiver<HandedOver> receiver;
    bool is_open = false;
  };

  std::optional<std::size_t> LeastLoaded() const;

  CoreSet& cores_;
  // So that nothing is given to one who has just stopped taking.
  std::mutex mutex_;
  std::vector<std::unique_ptr<Way>> ways_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORES_HAND_OVER_H_
