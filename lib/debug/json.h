// SPDX-License-Identifier: Apache-2.0
//
// JsonString: text as a string of JSON.

#ifndef CRECHE_LIB_DEBUG_JSON_H_
#define CRECHE_LIB_DEBUG_JSON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace creche::internal {

// With its quotes (RFC 8259, section 7). Bytes that are no UTF-8 become U+FFFD.
std::string JsonString(absl::string_view text);

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_JSON_H_
