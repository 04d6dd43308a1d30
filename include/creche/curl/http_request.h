// SPDX-License-Identifier: Apache-2.0
//
// HttpRequest, HttpResponse: what is asked, and what is answered.
//
//   creche::HttpRequest request("https://example.org/orders");
//   request.set_method("POST").set_body(R"({"item": 7})");
//   request.add_header("Content-Type", "application/json");

#ifndef CRECHE_CURL_HTTP_REQUEST_H_
#define CRECHE_CURL_HTTP_REQUEST_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/core/function.h"

namespace creche {

// A value. Nothing is checked before it is fetched.
class HttpRequest {
 public:
  // Gives the next piece of a body, and nullopt at its end.
  using BodySource = Function<absl::StatusOr<std::optional<std::string>>()>;

  // A whole URL: "http://..." or "https://...". It may have a user and a
  // password.
  explicit HttpRequest(std::string url) : url_(std::move(url)) {}

  // GET by default; POST if there is a body.
  HttpRequest& set_method(std::string method) {
    method_ = std::move(method);
    return *this;
  }
  // In addition to others of that name. Host, Accept-Encoding and User-Agent
  // take the place of the client's own. Content-Length and Transfer-Encoding
  // are the client's to say, and refused.
  HttpRequest& add_header(std::string name, std::string value) {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  // Its type is not said, unless a header does.
  HttpRequest& set_body(std::string body) {
    body_ = std::move(body);
    return *this;
  }
  // A body that comes in pieces, in the place of set_body()'s. source() is
  // called when the one before is sent, so a server that is slow holds it back;
  // and not once more when the server has answered. Its error ends the fetch,
  // and is returned. Such a request has a connection of its own: it could not
  // be sent again on another, if the server has just closed a kept one.
  // HTTP/1.0 servers do not understand it (it is chunked).
  HttpRequest& set_body_source(BodySource source) {
    body_source_ = std::move(source);
    return *this;
  }

  // What was set.
  const std::string& url() const { return url_; }
  const std::string& method() const { return method_; }
  const std::vector<std::pair<std::string, std::string>>& headers() const {
    return headers_;
  }
  const std::optional<std::string>& body() const { return body_; }
  const BodySource& body_source() const { return body_source_; }
  bool has_body() const { return body_.has_value() || body_source_; }

 private:
  std::string url_;
  std::string method_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::optional<std::string> body_;
  BodySource body_source_;
};

// The last answer, after redirects.
struct HttpResponse {
  // 200, 404, ...: any is a value.
  int code = 0;
  // In their order, trailers included.
  std::vector<std::pair<std::string, std::string>> headers;
  // Compression is undone.
  std::string body;
  // Where it came from, after redirects.
  std::string url;

  // The value of the first header of that name, in upper or lower case.
  std::optional<std::string> Header(absl::string_view name) const;
};

}  // namespace creche

#endif  // CRECHE_CURL_HTTP_REQUEST_H_
