// SPDX-License-Identifier: Apache-2.0
//
// ChooseScheduleSeed: which order a test runs its tasks in.

#ifndef CRECHE_LIB_TESTING_SCHEDULE_SEED_H_
#define CRECHE_LIB_TESTING_SCHEDULE_SEED_H_

#include <cstdint>

namespace creche::internal {

// What CRECHE_SCHEDULE_SEED in the environment says, or else another one every
// time.
std::uint64_t ChooseScheduleSeed();

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_SCHEDULE_SEED_H_
