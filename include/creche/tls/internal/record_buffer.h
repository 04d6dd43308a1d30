// SPDX-License-Identifier: Apache-2.0
//
// Memory for records on their way, which a thread's connections share: one that
// is idle holds none, and one that is busy allocates none.

#ifndef CRECHE_TLS_INTERNAL_RECORD_BUFFER_H_
#define CRECHE_TLS_INTERNAL_RECORD_BUFFER_H_

#include <string>

namespace creche::internal {

// An empty string, which has room for some records if one was given back.
std::string TakeBuffer();
void GiveBackBuffer(std::string buffer);

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_RECORD_BUFFER_H_
