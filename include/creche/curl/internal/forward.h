// SPDX-License-Identifier: Apache-2.0
//
// What an HttpClient consists of, declared only: users need not see libcurl.

#ifndef CRECHE_CURL_INTERNAL_FORWARD_H_
#define CRECHE_CURL_INTERNAL_FORWARD_H_

namespace creche::internal {

class CurlMulti;

}  // namespace creche::internal

#endif  // CRECHE_CURL_INTERNAL_FORWARD_H_
