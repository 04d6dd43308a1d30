// SPDX-License-Identifier: Apache-2.0
//
// SocketAddress: where a socket is bound or connected: an IP address and a
// port, or a Unix-domain path.
//
//   absl::StatusOr<creche::SocketAddress> address =
//       creche::SocketAddress::Parse("127.0.0.1", 8080);
//
// To look a name up, use Resolve() (net/resolve.h).

#ifndef CRECHE_NET_SOCKET_ADDRESS_H_
#define CRECHE_NET_SOCKET_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace creche {

class SocketAddress {
 public:
  // No address: family() is AF_UNSPEC.
  SocketAddress();

  // `host` is an IPv4 or IPv6 address in digits, the latter with an optional
  // scope ("fe80::1%eth0") and optional brackets.
  // Errors: kInvalidArgument: it is not.
  static absl::StatusOr<SocketAddress> Parse(absl::string_view host,
                                             std::uint16_t port);

  // A Unix-domain socket in the file system, or in Linux's abstract namespace.
  // Errors: kInvalidArgument: empty, too long (107 bytes fit), or (for a path)
  //   with a NUL in it.
  static absl::StatusOr<SocketAddress> Unix(absl::string_view path);
  static absl::StatusOr<SocketAddress> UnixAbstract(absl::string_view name);

  // What the kernel gave. Anything longer than fits is cut. An IPv4-mapped IPv6
  // address ("::ffff:1.2.3.4"), which is how a socket for both shows an IPv4
  // peer, becomes that IPv4 address: so a peer has the same address on each
  // kind of socket. (Parse() keeps it as it is written.)
  static SocketAddress FromKernel(const sockaddr* address, socklen_t size);

  // AF_INET, AF_INET6, AF_UNIX or AF_UNSPEC; is it one of the first two?
  int family() const { return any_.sa_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }

  // 0 unless is_ip().
  std::uint16_t port() const;
  void set_port(std::uint16_t port);  // Requires: is_ip().

  // The address in digits; of a Unix-domain socket, the path, or the abstract
  // name after a '@'.
  std::string host() const;

  // "127.0.0.1:80", "[::1]:80", "/run/socket", "@name", "(no address)".
  std::string ToString() const;

  // For system calls.
  const sockaddr* data() const { return &any_; }
  socklen_t size() const { return size_; }

  friend bool operator==(const SocketAddress& a, const SocketAddress& b);
  friend bool operator!=(const SocketAddress& a, const SocketAddress& b) {
    return !(a == b);
  }
  friend std::ostream& operator<<(std::ostream& out,
                                  const SocketAddress& address) {
    return out << address.ToString();
  }

 private:
  bool is_v4_mapped() const;
  SocketAddress Unmapped() const;  // Requires: is_v4_mapped().

  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_;
    sockaddr_un unix_;
  };
  socklen_t size_;
};

}  // namespace creche

#endif  // CRECHE_NET_SOCKET_ADDRESS_H_
