// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/schedule_seed.h"

#include <cstdint>
#include <cstdlib>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "creche/core/internal/misuse.h"

namespace creche::internal {

std::uint64_t ChooseScheduleSeed() {
  const char* given = std::getenv("CRECHE_SCHEDULE_SEED");
  if (given == nullptr) return std::random_device()();
  std::uint64_t seed = 0;
  if (!absl::SimpleAtoi(given, &seed)) {
    Misuse(absl::StrCat("CRECHE_SCHEDULE_SEED is not a number: '", given, "'"));
  }
  return seed;
}

}  // namespace creche::internal
