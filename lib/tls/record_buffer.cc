// SPDX-License-Identifier: Apache-2.0

#include "creche/tls/internal/record_buffer.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace creche::internal {
namespace {

// What is kept: for so many connections that send at the same time, and no
// buffer that was used for more than some records.
constexpr std::size_t kBuffers = 16;
constexpr std::size_t kMostCapacity = 128 << 10;

// Streams in static storage may end after the thread's other objects.
constinit thread_local bool has_ended = false;

struct Kept {
  Kept() { buffers.reserve(kBuffers); }
  ~Kept() { has_ended = true; }
  std::vector<std::string> buffers;
};

std::vector<std::string>& KeptBuffers() {
  thread_local Kept kept;
  return kept.buffers;
}

}  // namespace

std::string TakeBuffer() {
  if (has_ended || KeptBuffers().empty()) return std::string();
  std::string buffer = std::move(KeptBuffers().back());
  KeptBuffers().pop_back();
  return buffer;
}

void GiveBackBuffer(std::string buffer) {
  if (has_ended || buffer.capacity() > kMostCapacity ||
      KeptBuffers().size() == kBuffers) {
    return;
  }
  buffer.clear();
  KeptBuffers().push_back(std::move(buffer));
}

}  // namespace creche::internal
