// SPDX-License-Identifier: Apache-2.0
//
// ReadProxyRequest: the head of a request to a proxy, and HttpRequestBody: what
// follows it, piece by piece.
//
// Where a request ends must be said once and plainly: what the proxy and the
// server behind it could understand differently is refused.

#ifndef EXAMPLES_HTTP_PROXY_REQUEST_H_
#define EXAMPLES_HTTP_PROXY_REQUEST_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"
#include "examples/http_headers.h"
#include "examples/http_response.h"
#include "examples/http_url.h"

namespace examples {

struct ProxyRequest {
  explicit ProxyRequest(HttpUrl url) : url(std::move(url)) {}

  std::string method;
  HttpUrl url;  // CONNECT: only its host and port count.
  bool is_http_1_0 = false;
  HttpHeaders headers;
  // Of a body. Neither: there is none.
  std::optional<std::uint64_t> length;
  bool is_chunked = false;

  bool is_connect() const { return method == "CONNECT"; }
  bool keep_alive() const {
    return !is_http_1_0 && !headers.HasWord("connection", "close");
  }
};

// "http://host/path", or "host:port" for CONNECT.
inline absl::StatusOr<HttpUrl> ParseProxyTarget(absl::string_view method,
                                                absl::string_view target) {
  const bool is_connect = method == "CONNECT";
  const absl::StatusOr<HttpUrl> url = HttpUrl::Parse(
      is_connect ? absl::StrCat("http://", target) : std::string(target));
  if (!url.ok()) return Malformed(url.status().message());
  if (is_connect && (url->authority() != target ||
                     !absl::EndsWith(target, absl::StrCat(":", url->port())))) {
    return Malformed("CONNECT wants host:port");
  }
  return url;
}

// "GET http://host/path HTTP/1.1"
inline absl::StatusOr<ProxyRequest> ParseProxyRequestLine(
    absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3 || words[0].empty() ||
      !std::all_of(words[0].begin(), words[0].end(), [](char c) {
        return absl::ascii_isupper(static_cast<unsigned char>(c));
      })) {
    return Malformed("no request line");
  }
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") {
    return Malformed("neither HTTP/1.1 nor 1.0");
  }
  absl::StatusOr<HttpUrl> url = ParseProxyTarget(words[0], words[1]);
  if (!url.ok()) return std::move(url).status();
  ProxyRequest request(*std::move(url));
  request.method = std::string(words[0]);
  request.is_http_1_0 = words[2] == "HTTP/1.0";
  return request;
}

// Whether there is a body, and where it ends.
inline absl::Status ParseBodySize(ProxyRequest& request) {
  const std::string* coding = request.headers.Find("transfer-encoding");
  const std::string* length = request.headers.Find("content-length");
  if (coding != nullptr) {
    if (length != nullptr) return Malformed("chunks that have a length");
    if (request.is_http_1_0 || !absl::EqualsIgnoreCase(*coding, "chunked")) {
      return Malformed("an unknown transfer coding");
    }
    request.is_chunked = true;
  } else if (length != nullptr) {
    std::uint64_t size = 0;
    if (!IsDigits(*length) || !absl::SimpleAtoi(*length, &size)) {
      return Malformed("a wrong length");
    }
    request.length = size;
  }
  if (request.is_connect() && (coding != nullptr || length != nullptr)) {
    return Malformed("CONNECT with a body");
  }
  return absl::OkStatus();
}

// Cancellation: part of it may have been read: the connection is of no use.
// Errors: kDataLoss: it is no request to a proxy. kResourceExhausted: it is too
//   long. IsEndOfStream: it is not all there.
template <typename Stream>
creche::Task<absl::StatusOr<ProxyRequest>> ReadProxyRequest(
    creche::BufferedReader<Stream>& reader) {
  size_t room = kMaxHead;
  const std::string first = co_await creche::Try(ReadHttpLine(reader, room));
  ProxyRequest request = co_await creche::Try(ParseProxyRequestLine(first));
  request.headers = co_await creche::Try(ReadHttpHeaders(reader, room));
  co_await creche::Try(ParseBodySize(request));
  co_return request;
}

// The body that follows such a head.
template <typename Stream>
class HttpRequestBody {
 public:
  HttpRequestBody(creche::BufferedReader<Stream>& reader,
                  const ProxyRequest& request)
      : reader_(reader),
        is_chunked_(request.is_chunked),
        left_(request.length.value_or(0)),
        is_at_end_(!is_chunked_ && left_ == 0) {}

  // Whether what comes next is another request.
  bool is_at_end() const { return is_at_end_; }

  // The next piece; nullopt is the end.
  // Cancellation: as of ReadProxyRequest().
  // Errors: as of ReadProxyRequest().
  creche::Task<absl::StatusOr<std::optional<std::string>>> Next() {
    if (is_chunked_ && left_ == 0 && !is_at_end_) {
      co_await creche::Try(BeginChunk());
    }
    if (is_at_end_) co_return std::nullopt;
    std::string piece = co_await creche::Try(reader_.ReadSome(
        static_cast<size_t>(std::min<std::uint64_t>(left_, kMaxPiece))));
    if (piece.empty()) co_return creche::EndOfStreamError("half a body");
    left_ -= piece.size();
    if (left_ == 0) co_await creche::Try(EndPart());
    co_return piece;
  }

 private:
  static constexpr std::uint64_t kMaxPiece = 65536;

  creche::Task<absl::Status> BeginChunk() {
    size_t room = 100;
    const std::string line = co_await creche::Try(ReadHttpLine(reader_, room));
    left_ = co_await creche::Try(ParseChunkSize(line));
    if (left_ > 0) co_return absl::OkStatus();
    room = kMaxHead;
    co_await creche::Try(ReadHttpHeaders(reader_, room));  // The trailer.
    is_at_end_ = true;
    co_return absl::OkStatus();
  }

  // Of a chunk, or of all.
  creche::Task<absl::Status> EndPart() {
    is_at_end_ = !is_chunked_;
    if (!is_chunked_) co_return absl::OkStatus();
    const std::string end = co_await creche::Try(reader_.ReadExactly(2));
    if (end != "\r\n") co_return Malformed("a chunk longer than its size");
    co_return absl::OkStatus();
  }

  creche::BufferedReader<Stream>& reader_;
  const bool is_chunked_;
  std::uint64_t left_;  // Of the body, or of the chunk.
  bool is_at_end_;
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_PROXY_REQUEST_H_
