// SPDX-License-Identifier: Apache-2.0
//
// EasyHandles: libcurl's handles for one request each, used again: to make one
// and to free it is a tenth of what a small request costs.

#ifndef CRECHE_LIB_CURL_EASY_HANDLES_H_
#define CRECHE_LIB_CURL_EASY_HANDLES_H_

#include <curl/curl.h>

#include <memory>
#include <vector>

namespace creche::internal {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

class EasyHandles {
 public:
  // One without any options. Null: there is no memory.
  EasyHandle Take();

  // For a later request, which finds no options in it. (Sessions of TLS stay:
  // curl_easy_reset(3). They are those of one client, with one trust.)
  // Requires: it has not failed, is in no multi handle, and no callback of it
  //   is under way.
  void Keep(EasyHandle easy);

 private:
  std::vector<EasyHandle> kept_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_EASY_HANDLES_H_
