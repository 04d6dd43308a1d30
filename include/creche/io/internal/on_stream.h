// SPDX-License-Identifier: Apache-2.0
//
// OnStream: names a stream in the message of an error.

#ifndef CRECHE_IO_INTERNAL_ON_STREAM_H_
#define CRECHE_IO_INTERNAL_ON_STREAM_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "creche/io/byte_stream.h"

namespace creche::internal {

// " on 192.0.2.1:80", say; nothing for streams that have no name.
template <typename Stream>
std::string OnStream(const Stream& stream) {
  if constexpr (HasName<Stream>) {
    const std::string name = stream.name();
    if (!name.empty()) return absl::StrCat(" on ", name);
  }
  return "";
}

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_ON_STREAM_H_
