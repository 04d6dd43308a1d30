// SPDX-License-Identifier: Apache-2.0
//
// CoreSet: what the cores of one RunOnCores() share.

#ifndef CRECHE_LIB_CORES_CORE_SET_H_
#define CRECHE_LIB_CORES_CORE_SET_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "creche/threads/run_handle.h"
#include "creche/threads/thread_channel.h"
#include "creche/uring/file_descriptor.h"

namespace creche::internal {

// Connections on their way from the core that accepts them.
class HandOver {
 public:
  explicit HandOver(std::size_t count) : served_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      ways_.push_back(MakeThreadChannel<FileDescriptor>(kUnbounded));
    }
  }

  // Whether a core takes what is handed over to it.
  std::atomic<bool>& is_served(std::size_t core) { return served_[core]; }

  ThreadSender<FileDescriptor>& to(std::size_t core) {
    return ways_[core].first;
  }
  ThreadReceiver<FileDescriptor>& at(std::size_t core) {
    return ways_[core].second;
  }

 private:
  std::vector<
      std::pair<ThreadSender<FileDescriptor>, ThreadReceiver<FileDescriptor>>>
      ways_;
  std::vector<std::atomic<bool>> served_;
};

class CoreSet {
 public:
  explicit CoreSet(std::size_t count) : cores_(count) {}
  CoreSet(const CoreSet&) = delete;
  CoreSet& operator=(const CoreSet&) = delete;

  std::size_t count() const { return cores_.size(); }

  // The run of core `index` has begun: blocks until all have. False: one never
  // will.
  bool Arrive(std::size_t index, const RunHandle& run);
  // One will not begin.
  void GiveUp();
  bool has_arrived(std::size_t index);

  // After Arrive().
  const RunHandle& run(std::size_t index) const { return *cores_[index].run; }
  std::atomic<std::size_t>& connections(std::size_t index) {
    return cores_[index].connections;
  }

  // Of the servers of all cores for one port; made when it is first asked for.
  HandOver& hand_over(std::uint16_t port);

  // What was thrown first.
  void KeepException(std::exception_ptr thrown);
  std::exception_ptr exception() const { return thrown_; }

 private:
  struct One {
    std::optional<RunHandle> run;
    std::atomic<std::size_t> connections = 0;
  };

  std::vector<One> cores_;
  std::mutex
      mutex_;  // Guards what follows, and the handles until all are there.
  std::condition_variable changed_;
  std::size_t arrived_ = 0;
  bool has_given_up_ = false;
  std::map<std::uint16_t, std::unique_ptr<HandOver>> hand_overs_;
  std::exception_ptr thrown_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORES_CORE_SET_H_
