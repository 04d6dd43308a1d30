// SPDX-License-Identifier: Apache-2.0
//
// NameOf, OnStream: which stream it is, where a stream knows.

#ifndef CRECHE_IO_INTERNAL_STREAM_NAME_H_
#define CRECHE_IO_INTERNAL_STREAM_NAME_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "creche/io/byte_stream.h"

namespace creche::internal {

// Empty for streams that have no name.
template <typename Stream>
std::string NameOf(const Stream& stream) {
  if constexpr (HasName<Stream>) {
    return stream.name();
  } else {
    return "";
  }
}

// For the message of an error: " on 192.0.2.1:80", say; or nothing.
template <typename Stream>
std::string OnStream(const Stream& stream) {
  const std::string name = internal::NameOf(stream);
  return name.empty() ? "" : absl::StrCat(" on ", name);
}

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_STREAM_NAME_H_
