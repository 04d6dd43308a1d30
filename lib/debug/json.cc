// SPDX-License-Identifier: Apache-2.0

#include "lib/debug/json.h"

#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "lib/debug/utf8.h"

namespace creche::internal {

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  for (const char c : ToUtf8(text)) {
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&json, "\\u%04x", c);
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace creche::internal
