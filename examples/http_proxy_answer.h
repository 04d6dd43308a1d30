// SPDX-License-Identifier: Apache-2.0
//
// ProxyAnswer: hands a server's response on to a client while it comes. However
// it breaks, the client does not take it for a whole one.

#ifndef EXAMPLES_HTTP_PROXY_ANSWER_H_
#define EXAMPLES_HTTP_PROXY_ANSWER_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "examples/http_headers.h"
#include "examples/http_proxy_request.h"

namespace examples {

// Whether a header is for the next neighbour only (RFC 9110, 7.6.1), or says
// how long the body is, which each neighbour says anew. `connection` is the
// value of the Connection header.
inline bool IsForNeighbour(absl::string_view name,
                           absl::string_view connection) {
  for (const absl::string_view one :
       {"connection", "content-length", "expect", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade"}) {
    if (absl::EqualsIgnoreCase(name, one)) return true;
  }
  for (const absl::string_view word : absl::StrSplit(connection, ',')) {
    if (absl::EqualsIgnoreCase(name, absl::StripAsciiWhitespace(word))) {
      return true;
    }
  }
  return false;
}

class ProxyAnswer {
 public:
  // Both outlive it.
  ProxyAnswer(creche::TcpStream& client, const ProxyRequest& request)
      : client_(client), request_(request) {}
  ProxyAnswer(const ProxyAnswer&) = delete;
  ProxyAnswer& operator=(const ProxyAnswer&) = delete;
  // A reset: also if its task was cancelled.
  ~ProxyAnswer() {
    if (has_begun_ && !is_complete_) client_.Abort();
  }

  bool has_begun() const { return has_begun_; }
  // Whether the client can take another answer after this one.
  bool ends_by_itself() const { return framing_ != Framing::kUntilClose; }

  // Begin(), Send() for each piece of the body, End(). `keep_alive`: another
  // answer may follow on the connection.
  // Cancellation: the connection is reset, at the latest with this object.
  // Errors: kDataLoss: the response is not what HTTP allows. Those of the
  //   connection.
  creche::Task<absl::Status> Begin(creche::HttpResponse head, bool keep_alive) {
    ChooseFraming(head);
    std::string text = absl::StrCat("HTTP/1.1 ", head.code, " \r\n");
    const std::string connection = head.Header("Connection").value_or("");
    for (const auto& [name, value] : head.headers) {
      if (HasControlCharacters(value)) co_return Malformed("a header's value");
      if (IsForNeighbour(name, connection) || IsUndone(name)) continue;
      absl::StrAppend(&text, name, ": ", value, "\r\n");
    }
    absl::StrAppend(&text, "Via: 1.1 creche\r\n", FramingHeader());
    if (!keep_alive || !ends_by_itself()) text += "Connection: close\r\n";
    text += "\r\n";
    has_begun_ = true;
    co_return co_await client_.SendAll(text);
  }

  creche::Task<absl::Status> Send(absl::string_view piece) {
    sent_ += piece.size();
    if (framing_ != Framing::kChunks) co_return co_await client_.SendAll(piece);
    const std::string chunk =
        absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n");
    co_return co_await client_.SendAll(chunk);
  }

  creche::Task<absl::Status> End() {
    if (framing_ == Framing::kLength && sent_ != length_) {
      co_return Malformed("a body of another length than was said");
    }
    if (framing_ == Framing::kChunks) {
      co_await creche::Try(client_.SendAll("0\r\n\r\n"));
    }
    is_complete_ = true;
    co_return absl::OkStatus();
  }

 private:
  // How the client sees where the body ends.
  enum class Framing { kNoBody, kLength, kChunks, kUntilClose };

  void ChooseFraming(const creche::HttpResponse& head) {
    has_length_ = ParseLength(head);
    if (request_.method == "HEAD" || head.code == 204 || head.code == 304) {
      framing_ = Framing::kNoBody;
    } else if (has_length_) {
      framing_ = Framing::kLength;
    } else {
      framing_ = request_.is_http_1_0 ? Framing::kUntilClose : Framing::kChunks;
    }
  }

  // Whether there is one length, and it is that of the body as it comes here.
  bool ParseLength(const creche::HttpResponse& head) {
    if (head.Header("Transfer-Encoding") || head.Header("Content-Encoding")) {
      return false;
    }
    int lengths = 0;
    for (const auto& [name, value] : head.headers) {
      if (!absl::EqualsIgnoreCase(name, "Content-Length")) continue;
      ++lengths;
      if (!IsDigits(value) || !absl::SimpleAtoi(value, &length_)) return false;
    }
    return lengths == 1;
  }

  std::string FramingHeader() const {
    if (framing_ == Framing::kChunks) return "Transfer-Encoding: chunked\r\n";
    if (!has_length_) return "";
    return absl::StrCat("Content-Length: ", length_, "\r\n");
  }

  // HttpClient has unpacked the body.
  static bool IsUndone(absl::string_view name) {
    return absl::EqualsIgnoreCase(name, "Content-Encoding");
  }

  creche::TcpStream& client_;
  const ProxyRequest& request_;
  Framing framing_ = Framing::kNoBody;
  bool has_length_ = false;
  std::uint64_t length_ = 0;
  std::uint64_t sent_ = 0;
  bool has_begun_ = false;
  bool is_complete_ = false;
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_PROXY_ANSWER_H_
