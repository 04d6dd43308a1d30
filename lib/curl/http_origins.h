// SPDX-License-Identifier: Apache-2.0
//
// HttpOrigins: the hosts that a client's URLs have led to, so that the next URL
// of the same host need not be read as a whole: that is a twelfth of what a
// small request costs. (And for a host of other letters than ASCII's, libcurl
// 7.88 loses some bytes each time.)

#ifndef CRECHE_LIB_CURL_HTTP_ORIGINS_H_
#define CRECHE_LIB_CURL_HTTP_ORIGINS_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "lib/curl/http_target.h"

namespace creche::internal {

class HttpOrigins {
 public:
  // The same as internal::ParseTarget(url).
  absl::StatusOr<HttpTarget> ParseTarget(const std::string& url);

  std::size_t size() const { return known_.size(); }

  // When it knows so many, it forgets all before the next.
  static constexpr std::size_t kMost = 64;

 private:
  // By what a URL begins with, up to its path: "http://example.org:8080".
  // (Where a URL holds a password, that would be a part of it: none of these.)
  std::map<std::string, HttpTarget, std::less<>> known_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_HTTP_ORIGINS_H_
