// SPDX-License-Identifier: Apache-2.0
//
// ParseDecimal: numbers in what others have written.

#ifndef CRECHE_LIB_NET_PARSE_DECIMAL_H_
#define CRECHE_LIB_NET_PARSE_DECIMAL_H_

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// Digits and nothing else: no sign and no blanks, unlike absl::SimpleAtoi().
inline bool ParseDecimal(absl::string_view text, std::uint32_t& value) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
         absl::SimpleAtoi(text, &value);
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_PARSE_DECIMAL_H_
