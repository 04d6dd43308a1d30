// SPDX-License-Identifier: Apache-2.0

#ifndef EXAMPLES_FUZZ_PIECES_H_
#define EXAMPLES_FUZZ_PIECES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace examples {

// A stream of which `bytes` come, in pieces of random size, and then the end.
class Pieces {
 public:
  // Instead of a seed.
  static constexpr std::uint32_t kWhole = 0;  // All at once.
  static constexpr std::uint32_t kBytes = 1;  // One by one.

  // `bytes` must outlive this.
  Pieces(absl::string_view bytes, std::uint32_t seed)
      : left_(bytes), seed_(seed), random_(seed) {}

  creche::Task<absl::StatusOr<std::size_t>> ReceiveSome(
      absl::Span<char> buffer) {
    const std::size_t size =
        std::min({NextSize(), buffer.size(), left_.size()});
    std::copy_n(left_.begin(), size, buffer.begin());
    left_.remove_prefix(size);
    co_return size;
  }

  void Close() {}

 private:
  std::size_t NextSize() {
    if (seed_ == kWhole) return left_.size();
    return seed_ == kBytes ? 1 : 1 + random_() % 20;
  }

  absl::string_view left_;
  std::uint32_t seed_;
  std::minstd_rand random_;
};

}  // namespace examples

#endif  // EXAMPLES_FUZZ_PIECES_H_
