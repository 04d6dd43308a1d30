// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/features_to_test.h"

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/misuse.h"

namespace creche {
namespace {

struct Name {
  absl::string_view name;
  bool UringFeatures::* field;
};

constexpr Name kNames[] = {
    {"defer_taskrun", &UringFeatures::defer_taskrun},
    {"single_issuer", &UringFeatures::single_issuer},
    {"coop_taskrun", &UringFeatures::coop_taskrun},
    {"submit_all", &UringFeatures::submit_all},
    {"registered_ring", &UringFeatures::registered_ring},
    {"skip_success", &UringFeatures::skip_success},
    {"multishot_accept", &UringFeatures::multishot_accept},
    {"multishot_receive", &UringFeatures::multishot_receive},
    {"poll_first", &UringFeatures::poll_first},
    {"send_all", &UringFeatures::send_all},
};

void TurnOff(UringFeatures& features, absl::string_view name) {
  if (name == "all") {
    features = UringFeatures::None();
    return;
  }
  for (const Name& known : kNames) {
    if (known.name == name) {
      features.*known.field = false;
      return;
    }
  }
  internal::Misuse(
      absl::StrCat("CRECHE_WITHOUT names no feature: '", name, "'"));
}

}  // namespace

UringFeatures FeaturesToTest() {
  UringFeatures features;
  const char* without = std::getenv("CRECHE_WITHOUT");
  if (without == nullptr) return features;
  for (absl::string_view name :
       absl::StrSplit(without, ',', absl::SkipEmpty())) {
    TurnOff(features, name);
  }
  return features;
}

}  // namespace creche
