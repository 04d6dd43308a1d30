// SPDX-License-Identifier: Apache-2.0
//
// HttpResponse, and how its first lines are understood.

#ifndef EXAMPLES_HTTP_HEADERS_H_
#define EXAMPLES_HTTP_HEADERS_H_

#include <algorithm>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace examples {

struct HttpResponse {
  int code = 0;
  // Names in lower case. Values of the same name are joined by ", ".
  std::map<std::string, std::string> headers;
  std::string body;
  // Whether the connection can be used again.
  bool keep_alive = false;

  std::string Header(const std::string& name) const {
    const auto header = headers.find(name);
    return header == headers.end() ? "" : header->second;
  }
};

inline absl::Status Malformed(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("not an HTTP response: ", what));
}

inline bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// "HTTP/1.1 200 OK"
inline absl::Status ParseStatusLine(absl::string_view line,
                                    HttpResponse& response) {
  if (line.size() < 12 || !absl::StartsWith(line, "HTTP/1.") ||
      !IsDigits(line.substr(7, 1)) || line[8] != ' ' ||
      !IsDigits(line.substr(9, 3)) || (line.size() > 12 && line[12] != ' ') ||
      !absl::SimpleAtoi(line.substr(9, 3), &response.code) ||
      response.code < 100) {
    return Malformed("a wrong status line");
  }
  response.keep_alive = line[7] != '0';
  return absl::OkStatus();
}

// "Content-Type: text/plain"
inline absl::Status ParseHeader(absl::string_view line,
                                HttpResponse& response) {
  const absl::string_view name = line.substr(0, line.find(':'));
  if (name.empty() || name.size() == line.size()) {
    return Malformed("a header without a name");
  }
  for (const char c : name) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return Malformed("a blank in the name of a header");
    }
  }
  const absl::string_view value =
      absl::StripAsciiWhitespace(line.substr(name.size() + 1));
  for (const char c : value) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t') {
      return Malformed("a control character in a header");
    }
  }
  std::string& joined = response.headers[absl::AsciiStrToLower(name)];
  joined =
      joined.empty() ? std::string(value) : absl::StrCat(joined, ", ", value);
  return absl::OkStatus();
}

}  // namespace examples

#endif  // EXAMPLES_HTTP_HEADERS_H_
