// SPDX-License-Identifier: Apache-2.0

#include "lib/net/bind_error.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

absl::string_view Advice(int error, const SocketAddress& address) {
  if (error == EADDRINUSE) {
    return address.is_ip()
               ? " (is another process, or an older one of this program, "
                 "listening there?)"
               : " (is another process listening there? If not, unlink() the "
                 "path)";
  }
  if (error == EACCES && address.is_ip()) {
    return " (ports below 1024 need CAP_NET_BIND_SERVICE)";
  }
  return "";
}

}  // namespace

absl::Status BindError(int error, const SocketAddress& address,
                       absl::string_view what) {
  return SystemError(error, absl::StrCat(what, Advice(error, address)));
}

}  // namespace creche::internal
