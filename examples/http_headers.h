// SPDX-License-Identifier: Apache-2.0
//
// HttpHeaders, and how they are read: the same for requests and responses.
//
// A peer may be wrong, or an enemy: whatever is not plainly HTTP is an error,
// nothing is guessed, and everything has a limit. What two readers could
// understand differently (a line that ends with "\n" alone, say) is refused.

#ifndef EXAMPLES_HTTP_HEADERS_H_
#define EXAMPLES_HTTP_HEADERS_H_

#include <algorithm>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"

namespace examples {

// Of the first line and all headers together; of the trailer of a body.
constexpr size_t kMaxHead = 65536;
constexpr size_t kMaxHeaders = 100;

inline absl::Status Malformed(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("not HTTP: ", what));
}

inline absl::Status TooLong(absl::string_view what) {
  return absl::ResourceExhaustedError(absl::StrCat("HTTP: too long: ", what));
}

inline bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// Text without blanks and control characters.
inline bool IsGraphic(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
}

inline bool HasControlCharacters(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t';
  });
}

class HttpHeaders {
 public:
  // Adds a line such as "Content-Type: text/plain".
  absl::Status Add(absl::string_view line) {
    const absl::string_view name = line.substr(0, line.find(':'));
    if (!IsGraphic(name) || name.size() == line.size()) {
      return Malformed("a header without a name, or with a blank in it");
    }
    if (HasControlCharacters(line)) {
      return Malformed("a control character in a header");
    }
    const absl::string_view value =
        absl::StripAsciiWhitespace(line.substr(name.size() + 1));
    const auto [header, is_new] =
        values_.emplace(absl::AsciiStrToLower(name), value);
    if (!is_new) absl::StrAppend(&header->second, ", ", value);
    return absl::OkStatus();
  }

  // Null if there is none: a header may also be there, and be empty. `name` is
  // in lower case. Values of the same name are joined by ", ".
  const std::string* Find(const std::string& name) const {
    const auto header = values_.find(name);
    return header == values_.end() ? nullptr : &header->second;
  }

  // All of them, by their names in lower case.
  const std::map<std::string, std::string>& values() const { return values_; }

  // Whether one of the words of this header is `word`: the "close" of
  // "Connection: te, close", say.
  bool HasWord(const std::string& name, absl::string_view word) const {
    const std::string* value = Find(name);
    if (value == nullptr) return false;
    for (const absl::string_view part : absl::StrSplit(*value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(part), word)) {
        return true;
      }
    }
    return false;
  }

 private:
  std::map<std::string, std::string> values_;
};

// A line, without its end. Takes its size from `room`, which all lines that
// belong together share.
template <typename Stream>
creche::Task<absl::StatusOr<std::string>> ReadHttpLine(
    creche::BufferedReader<Stream>& reader, size_t& room) {
  std::string line = co_await creche::Try(reader.ReadUntil("\r\n", room));
  room -= line.size();
  co_return line;
}

// Up to and with the empty line at their end.
template <typename Stream>
creche::Task<absl::StatusOr<HttpHeaders>> ReadHttpHeaders(
    creche::BufferedReader<Stream>& reader, size_t& room) {
  HttpHeaders headers;
  for (size_t i = 0; i <= kMaxHeaders; ++i) {
    const std::string line = co_await creche::Try(ReadHttpLine(reader, room));
    if (line.empty()) co_return headers;
    co_await creche::Try(headers.Add(line));
  }
  co_return TooLong("the list of headers");
}

}  // namespace examples

#endif  // EXAMPLES_HTTP_HEADERS_H_
