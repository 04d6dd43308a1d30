// SPDX-License-Identifier: Apache-2.0

#include "creche/net/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/uring/file_descriptor.h"
#include "lib/net/adopt_socket.h"
#include "lib/net/bind.h"
#include "lib/uring/standard_descriptors.h"
#include "lib/uring/system_error.h"

namespace creche {

absl::StatusOr<UdpSocket> UdpSocket::FromDescriptor(int fd) {
  const absl::StatusOr<SocketAddress> name = internal::PrepareToAdopt(
      fd, internal::SocketKind::kUdp, "UdpSocket::FromDescriptor");
  if (!name.ok()) return name.status();
  return UdpSocket(internal::SocketRef::Make(fd, *name));
}

absl::StatusOr<UdpSocket> BindUdp(const SocketAddress& address) {
  const std::string what = absl::StrCat("bind UDP to ", address.ToString());
  if (!address.is_ip()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": not an IP address"));
  }
  // Also outside of a run.
  if (absl::Status reserved = internal::ReserveStandardDescriptors();
      !reserved.ok()) {
    return reserved;
  }
  FileDescriptor fd(
      socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!fd.is_open()) return internal::SystemError(errno, what);
  const absl::StatusOr<SocketAddress> bound =
      internal::Bind(fd.get(), address, what);
  if (!bound.ok()) return bound.status();
  return UdpSocket(internal::SocketRef::Make(fd.Release(), *bound));
}

}  // namespace creche
