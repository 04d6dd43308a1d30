// SPDX-License-Identifier: Apache-2.0
//
// ReadHttpResponse: one HTTP/1.1 response from a connection.
//
// How long a body is must be said once and plainly: two lengths, a length and
// chunks, or an empty length are refused.

#ifndef EXAMPLES_HTTP_RESPONSE_H_
#define EXAMPLES_HTTP_RESPONSE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"
#include "examples/http_headers.h"

namespace examples {

constexpr size_t kMaxBody = size_t{16} << 20;

struct HttpResponse {
  HttpResponse() {}  // NOLINT: no aggregate: see the FAQ about g++ 12.

  int code = 0;
  HttpHeaders headers;
  std::string body;
  // Whether the connection can be used again.
  bool keep_alive = false;
};

// "HTTP/1.1 200 OK"
inline absl::Status ParseStatusLine(absl::string_view line,
                                    HttpResponse& response) {
  if (line.size() < 12 || !absl::StartsWith(line, "HTTP/1.") ||
      !IsDigits(line.substr(7, 1)) || line[8] != ' ' ||
      !IsDigits(line.substr(9, 3)) || (line.size() > 12 && line[12] != ' ') ||
      HasControlCharacters(line) ||
      !absl::SimpleAtoi(line.substr(9, 3), &response.code) ||
      response.code < 100) {
    return Malformed("a wrong status line");
  }
  response.keep_alive = line[7] != '0';
  return absl::OkStatus();
}

template <typename Stream>
creche::Task<absl::StatusOr<HttpResponse>> ReadHead(
    creche::BufferedReader<Stream>& reader) {
  HttpResponse response;
  size_t room = kMaxHead;
  const std::string first = co_await creche::Try(ReadHttpLine(reader, room));
  co_await creche::Try(ParseStatusLine(first, response));
  response.headers = co_await creche::Try(ReadHttpHeaders(reader, room));
  const bool is_old = first[7] == '0';
  if (is_old && response.headers.Find("transfer-encoding") != nullptr) {
    co_return Malformed("HTTP/1.0 knows no transfer coding");
  }
  if (response.headers.HasWord("connection", "close")) {
    response.keep_alive = false;
  }
  co_return response;
}

// "1f" or "1f;extension=ignored"
inline absl::StatusOr<size_t> ParseChunkSize(absl::string_view line) {
  const absl::string_view digits = line.substr(0, line.find(';'));
  std::uint32_t size = 0;
  if (digits.empty() || digits.size() > 8 ||
      digits.find_first_not_of("0123456789abcdefABCDEF") !=
          absl::string_view::npos ||
      HasControlCharacters(line) || !absl::SimpleHexAtoi(digits, &size)) {
    return Malformed("a chunk without a size");
  }
  return size;
}

template <typename Stream>
creche::Task<absl::StatusOr<std::string>> ReadChunks(
    creche::BufferedReader<Stream>& reader) {
  std::string body;
  for (;;) {
    size_t room_in_line = 100;
    const std::string line =
        co_await creche::Try(ReadHttpLine(reader, room_in_line));
    const size_t size = co_await creche::Try(ParseChunkSize(line));
    if (size == 0) break;
    if (size > kMaxBody - body.size()) co_return TooLong("the body");
    body += co_await creche::Try(reader.ReadExactly(size));
    const std::string end = co_await creche::Try(reader.ReadExactly(2));
    if (end != "\r\n") co_return Malformed("a chunk longer than its size");
  }
  size_t room = kMaxHead;
  co_await creche::Try(ReadHttpHeaders(reader, room));  // The trailer.
  co_return body;
}

template <typename Stream>
creche::Task<absl::StatusOr<std::string>> ReadToTheEnd(
    creche::BufferedReader<Stream>& reader) {
  std::string body;
  for (;;) {
    const std::string some = co_await creche::Try(reader.ReadSome());
    if (some.empty()) co_return body;
    if (some.size() > kMaxBody - body.size()) co_return TooLong("the body");
    body += some;
  }
}

template <typename Stream>
creche::Task<absl::StatusOr<std::string>> ReadBody(
    creche::BufferedReader<Stream>& reader, HttpResponse& head) {
  const std::string* coding = head.headers.Find("transfer-encoding");
  const std::string* length = head.headers.Find("content-length");
  if (head.code == 204 || head.code == 304) {
    // Some send a body all the same: nobody knows where the next response is.
    if (coding != nullptr || length != nullptr) head.keep_alive = false;
    co_return "";
  }
  if (coding != nullptr) {
    if (length != nullptr) co_return Malformed("chunks that have a length");
    if (!absl::EqualsIgnoreCase(*coding, "chunked")) {
      co_return Malformed("an unknown transfer coding");
    }
    co_return co_await ReadChunks(reader);
  }
  if (length == nullptr) {
    head.keep_alive = false;
    co_return co_await ReadToTheEnd(reader);
  }
  size_t size = 0;
  if (!IsDigits(*length) || !absl::SimpleAtoi(*length, &size)) {
    co_return Malformed("a wrong length");
  }
  if (size > kMaxBody) co_return TooLong("the body");
  co_return co_await reader.ReadExactly(size);
}

// A response to a GET.
// Cancellation: part of it may have been read: the connection is of no use.
// Errors: kDataLoss: it is not HTTP. kResourceExhausted: a part is too long.
//   IsEndOfStream: it is not all there.
template <typename Stream>
creche::Task<absl::StatusOr<HttpResponse>> ReadHttpResponse(
    creche::BufferedReader<Stream>& reader) {
  for (int i = 0; i < 10; ++i) {
    HttpResponse response = co_await creche::Try(ReadHead(reader));
    if (response.code == 101) break;
    if (response.code < 200) continue;  // Not the answer yet.
    response.body = co_await creche::Try(ReadBody(reader, response));
    co_return response;
  }
  co_return Malformed("no final response");
}

}  // namespace examples

#endif  // EXAMPLES_HTTP_RESPONSE_H_
