// SPDX-License-Identifier: Apache-2.0
//
// CountedConnection: a connection counts for the core that serves it, or is to.

#ifndef CRECHE_CORES_INTERNAL_COUNTED_CONNECTION_H_
#define CRECHE_CORES_INTERNAL_COUNTED_CONNECTION_H_

#include <cstddef>
#include <utility>

#include "creche/cores/internal/forward.h"

namespace creche::internal {

// One more while this exists. Goes where the connection goes.
class CountedConnection {
 public:
  CountedConnection(CoreSet& cores, std::size_t index);
  CountedConnection(CountedConnection&& other) noexcept
      : cores_(std::exchange(other.cores_, nullptr)), index_(other.index_) {}
  CountedConnection& operator=(CountedConnection&& other) noexcept {
    std::swap(cores_, other.cores_);
    std::swap(index_, other.index_);
    return *this;
  }
  ~CountedConnection();

 private:
  CoreSet* cores_;
  std::size_t index_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORES_INTERNAL_COUNTED_CONNECTION_H_
