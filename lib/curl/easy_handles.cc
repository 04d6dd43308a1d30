// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/easy_handles.h"

#include <curl/curl.h>

#include <cstddef>
#include <utility>

namespace creche::internal {
namespace {

// Each is some kilobytes.
constexpr std::size_t kMostKept = 16;

}  // namespace

EasyHandle EasyHandles::Take() {
  if (kept_.empty()) return EasyHandle(curl_easy_init());
  EasyHandle easy = std::move(kept_.back());
  kept_.pop_back();
  return easy;
}

// What curl_easy_reset() leaves is the errno of a system call that has failed
// (7.88, 8.x): only that of CURLINFO_OS_ERRNO.
void EasyHandles::Keep(EasyHandle easy) {
  if (kept_.size() >= kMostKept) return;
  long error = 0;  // NOLINT: libcurl's type.
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &error);
  if (error != 0) return;
  curl_easy_reset(easy.get());
  kept_.push_back(std::move(easy));
}

}  // namespace creche::internal
