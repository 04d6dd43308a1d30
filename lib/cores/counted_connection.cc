// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/internal/counted_connection.h"

#include <cstddef>

#include "lib/cores/core_set.h"

namespace creche::internal {

CountedConnection::CountedConnection(CoreSet& cores, std::size_t index)
    : cores_(&cores), index_(index) {
  ++cores_->connections(index_);
}

CountedConnection::~CountedConnection() {
  if (cores_ != nullptr) --cores_->connections(index_);
}

}  // namespace creche::internal
