// SPDX-License-Identifier: Apache-2.0
//
// ToUtf8: makes text fit for files that must be UTF-8.

#ifndef CRECHE_LIB_DEBUG_UTF8_H_
#define CRECHE_LIB_DEBUG_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace creche::internal {

// U+FFFD, which stands for what is no character.
inline constexpr char kReplacementCharacter[] = "\xEF\xBF\xBD";

// `text`, with U+FFFD for each byte that is not part of a well-formed sequence
// (Unicode, table 3-7).
std::string ToUtf8(absl::string_view text);

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_UTF8_H_
