// SPDX-License-Identifier: Apache-2.0
//
// PartSize: how much to ask the kernel to move at a time.

#ifndef CRECHE_LIB_URING_PART_SIZE_H_
#define CRECHE_LIB_URING_PART_SIZE_H_

#include <algorithm>
#include <cstddef>

namespace creche::internal {

// Of what is left to be moved: the kernel moves at most 2 GiB at a time.
inline unsigned PartSize(std::size_t left) {
  return static_cast<unsigned>(std::min(left, std::size_t{1} << 30));
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_PART_SIZE_H_
