// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/header_line.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/curl/http_request.h"

namespace creche::internal {

bool AddHeaderLine(absl::string_view line, HttpResponse& response) {
  if (line[0] == '\r' || line[0] == '\n') return false;
  auto& headers = response.headers;
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (absl::ascii_isspace(static_cast<unsigned char>(line[0]))) {
    if (!headers.empty() && !text.empty()) {
      absl::StrAppend(&headers.back().second, " ", text);
    }
    return true;
  }
  const std::size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return true;
  headers.emplace_back(
      absl::StripTrailingAsciiWhitespace(text.substr(0, colon)),
      absl::StripLeadingAsciiWhitespace(text.substr(colon + 1)));
  return true;
}

}  // namespace creche::internal
