// SPDX-License-Identifier: Apache-2.0
//
// ReadHttpRequest: one HTTP/1.1 request, a GET, from a connection.

#ifndef EXAMPLES_HTTP_REQUEST_H_
#define EXAMPLES_HTTP_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"
#include "examples/http_headers.h"

namespace examples {

struct HttpRequest {
  HttpRequest() {}  // NOLINT: no aggregate: see the FAQ about g++ 12.

  std::string target;  // Path and query; begins with "/".
  HttpHeaders headers;
  // Whether the client may send another request.
  bool keep_alive = false;
};

// "GET /path HTTP/1.1"
inline absl::Status ParseRequestLine(absl::string_view line,
                                     HttpRequest& request) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3 || words[0] != "GET") {
    return Malformed("no GET request");
  }
  if (!absl::StartsWith(words[1], "/") || !IsGraphic(words[1])) {
    return Malformed("a wrong path");
  }
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") {
    return Malformed("neither HTTP/1.1 nor 1.0");
  }
  request.target = std::string(words[1]);
  request.keep_alive = words[2] == "HTTP/1.1";
  return absl::OkStatus();
}

// A request with a body is refused. What is skipped instead, or left where it
// is, could be a second request to this server and none to a proxy before it.
// Cancellation: part of it may have been read: the connection is of no use.
// Errors: kDataLoss: it is no GET, or has a body. kResourceExhausted: it is too
//   long. IsEndOfStream: it is not all there.
template <typename Stream>
creche::Task<absl::StatusOr<HttpRequest>> ReadHttpRequest(
    creche::BufferedReader<Stream>& reader) {
  HttpRequest request;
  size_t room = kMaxHead;
  const std::string first = co_await creche::Try(ReadHttpLine(reader, room));
  co_await creche::Try(ParseRequestLine(first, request));
  request.headers = co_await creche::Try(ReadHttpHeaders(reader, room));
  const std::string* length = request.headers.Find("content-length");
  if ((length != nullptr && *length != "0") ||
      request.headers.Find("transfer-encoding") != nullptr) {
    co_return Malformed("a GET with a body");
  }
  if (request.headers.HasWord("connection", "close")) {
    request.keep_alive = false;
  }
  co_return request;
}

}  // namespace examples

#endif  // EXAMPLES_HTTP_REQUEST_H_
