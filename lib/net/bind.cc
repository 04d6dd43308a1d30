// SPDX-License-Identifier: Apache-2.0

#include "lib/net/bind.h"

#include <sys/socket.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/uring/socket_names.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

bool IsPath(const SocketAddress& address) {
  return address.family() == AF_UNIX && address.data()->sa_data[0] != '\0';
}

absl::string_view Advice(int error, const SocketAddress& address) {
  if (error == EADDRINUSE) {
    return IsPath(address)
               ? " (unlink() the path if no other process is listening there)"
               : " (is another process, or an older one of this program, "
                 "listening there?)";
  }
  if (error == EACCES && address.is_ip()) {
    return " (ports below 1024 need CAP_NET_BIND_SERVICE)";
  }
  return "";
}

}  // namespace

absl::StatusOr<SocketAddress> Bind(int fd, const SocketAddress& address,
                                   absl::string_view what) {
  sockaddr_storage bound;
  socklen_t size = sizeof(bound);
  auto* generic = reinterpret_cast<sockaddr*>(&bound);
  SocketNames& names = SocketNames::Current();
  int result = names.Bind(fd, address.data(), address.size());
  if (result == 0) result = names.GetSockName(fd, generic, &size);
  if (result != 0) return BindError(-result, address, what);
  return SocketAddress::FromKernel(generic, size);
}

absl::Status BindError(int error, const SocketAddress& address,
                       absl::string_view what) {
  return SystemError(error, absl::StrCat(what, Advice(error, address)));
}

}  // namespace creche::internal
