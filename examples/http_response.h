// SPDX-License-Identifier: Apache-2.0
//
// ReadHttpResponse: one HTTP/1.1 response from a connection.
//
// A server may be wrong, or an enemy: whatever is not plainly HTTP is an error,
// nothing is guessed, and everything has a limit. What two readers could
// understand differently (two lengths, a length and chunks) is refused.

#ifndef EXAMPLES_HTTP_RESPONSE_H_
#define EXAMPLES_HTTP_RESPONSE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "creche/creche.h"
#include "examples/http_headers.h"

namespace examples {

using Reader = creche::BufferedReader<creche::TcpStream>;

constexpr size_t kMaxLine = 8192;
constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxBody = size_t{16} << 20;

inline creche::Task<absl::StatusOr<HttpResponse>> ReadHead(Reader& reader) {
  HttpResponse response;
  const std::string first = co_await creche::Try(reader.ReadLine(kMaxLine));
  co_await creche::Try(ParseStatusLine(first, response));
  for (size_t i = 0; i < kMaxHeaders; ++i) {
    const std::string line = co_await creche::Try(reader.ReadLine(kMaxLine));
    if (line.empty()) co_return response;
    co_await creche::Try(ParseHeader(line, response));
  }
  co_return Malformed("too many headers");
}

inline creche::Task<absl::StatusOr<std::string>> ReadChunks(Reader& reader) {
  std::string body;
  for (;;) {
    const std::string line = co_await creche::Try(reader.ReadLine(kMaxLine));
    const std::string digits = line.substr(0, line.find(';'));
    std::uint32_t size = 0;
    if (digits.empty() || digits.size() > 8 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") !=
            std::string::npos ||
        !absl::SimpleHexAtoi(digits, &size)) {
      co_return Malformed("a chunk without a size");
    }
    if (size == 0) break;
    if (size > kMaxBody - body.size()) co_return Malformed("too long");
    body += co_await creche::Try(reader.ReadExactly(size));
    const std::string end = co_await creche::Try(reader.ReadLine(kMaxLine));
    if (!end.empty()) co_return Malformed("a chunk longer than its size");
  }
  for (size_t i = 0; i < kMaxHeaders; ++i) {  // The trailer, if there is one.
    const std::string line = co_await creche::Try(reader.ReadLine(kMaxLine));
    if (line.empty()) co_return body;
  }
  co_return Malformed("too many headers");
}

inline creche::Task<absl::StatusOr<std::string>> ReadToTheEnd(Reader& reader) {
  std::string body;
  for (;;) {
    const std::string some = co_await creche::Try(reader.ReadSome());
    if (some.empty()) co_return body;
    if (some.size() > kMaxBody - body.size()) co_return Malformed("too long");
    body += some;
  }
}

inline creche::Task<absl::StatusOr<std::string>> ReadBody(Reader& reader,
                                                          HttpResponse& head) {
  const std::string coding = head.Header("transfer-encoding");
  const std::string length = head.Header("content-length");
  if (head.code == 204 || head.code == 304) co_return "";
  if (!coding.empty()) {
    if (!absl::EqualsIgnoreCase(coding, "chunked") || !length.empty()) {
      co_return Malformed("an unknown transfer coding");
    }
    co_return co_await ReadChunks(reader);
  }
  if (length.empty()) {
    head.keep_alive = false;
    co_return co_await ReadToTheEnd(reader);
  }
  size_t size = 0;
  if (!IsDigits(length) || !absl::SimpleAtoi(length, &size) ||
      size > kMaxBody) {
    co_return Malformed("a wrong length, or too long");
  }
  co_return co_await reader.ReadExactly(size);
}

// A response to a GET.
// Cancellation: part of it may have been read: the connection is of no use.
// Errors: kDataLoss: it is not HTTP. IsEndOfStream: it is not all there.
inline creche::Task<absl::StatusOr<HttpResponse>> ReadHttpResponse(
    Reader& reader) {
  for (int i = 0; i < 10; ++i) {
    HttpResponse response = co_await creche::Try(ReadHead(reader));
    if (response.code == 101) break;
    if (response.code < 200) continue;  // Not the answer yet.
    if (absl::EqualsIgnoreCase(response.Header("connection"), "close")) {
      response.keep_alive = false;
    }
    response.body = co_await creche::Try(ReadBody(reader, response));
    co_return response;
  }
  co_return Malformed("no final response");
}

}  // namespace examples

#endif  // EXAMPLES_HTTP_RESPONSE_H_
