// SPDX-License-Identifier: Apache-2.0

#include "creche/net/connect_tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/checkpoint.h"
#include "creche/core/error_group.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/uring/file_descriptor.h"
#include "creche/uring/operation.h"
#include "creche/uring/socket_names.h"
#include "lib/net/bind.h"
#include "lib/uring/system_error.h"

namespace creche {
namespace {

// The port is chosen when the connection is made, so that one that is in use
// towards another server can be used again.
// Returns 0 or a negated errno.
int BindLocal(int fd, const SocketAddress& address) {
  const int yes = 1;
  if (address.port() == 0 && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT,
                                        &yes, sizeof(yes)) != 0) {
    return -errno;
  }
  return SocketNames::Current().Bind(fd, address.data(), address.size());
}

absl::StatusOr<FileDescriptor> OpenSocket(const SocketAddress& address,
                                          const ConnectOptions& options,
                                          const std::string& what) {
  if (!address.is_ip()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": not an IP address"));
  }
  FileDescriptor fd(
      socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  const int yes = 1;
  if (!fd.is_open() ||
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0) {
    return internal::SystemError(errno, what);
  }
  if (options.local_address().has_value()) {
    const SocketAddress& local = *options.local_address();
    if (const int bound = BindLocal(fd.get(), local); bound != 0) {
      return internal::BindError(
          -bound, local, absl::StrCat(what, " from ", local.ToString()));
    }
  }
  return fd;
}

SocketAddress Ask(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (ask(fd, generic, &size) != 0) return SocketAddress();
  return SocketAddress::FromKernel(generic, size);
}

// Where nobody listens on a port of this machine, the system may choose that
// port for the connection to it, which then meets itself: a simultaneous open
// (RFC 9293, section 3.5).
bool IsConnectedToItself(int fd) {
  const SocketAddress local = Ask(fd, &getsockname);
  return local.is_ip() && local == Ask(fd, &getpeername);
}

// Not to keep the port, which a close in good order would for a minute.
void Reset(int fd) {
  const linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

// How often that may happen in a row. The next port is another one, unless the
// system has hardly any.
constexpr int kMostAttempts = 3;

// `what` is for messages.
Task<absl::StatusOr<TcpStream>> Connect(SocketAddress address,
                                        ConnectOptions options,
                                        std::string what) {
  const bool chooses_port = !options.local_address().has_value() ||
                            options.local_address()->port() == 0;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    absl::StatusOr<FileDescriptor> fd = OpenSocket(address, options, what);
    if (!fd.ok()) {
      co_await Checkpoint();
      co_return std::move(fd).status();
    }
    auto prepare = [&](io_uring_sqe& entry) {
      io_uring_prep_connect(&entry, fd->get(), address.data(), address.size());
    };
    const int result = co_await Uring(prepare);
    if (result < 0) co_return internal::SystemError(-result, what);
    if (!chooses_port || !IsConnectedToItself(fd->get())) {
      co_return TcpStream(
          internal::StreamSocketRef::Make(fd->Release(), address));
    }
    Reset(fd->get());
  }
  co_return internal::SystemError(ECONNREFUSED, what);
}

std::string Describe(const SocketAddress& address) {
  return absl::StrCat("connect to ", address.ToString());
}

// The same, for an address of `host`.
std::string Describe(const std::string& host, const SocketAddress& address) {
  if (host == address.host()) return Describe(address);
  return absl::StrCat("connect to ", host, " (", address.ToString(), ")");
}

// IPv6 and IPv4 in turn, beginning with the family of the first, and otherwise
// in the order of the resolver.
std::vector<SocketAddress> Interleave(std::vector<SocketAddress> addresses) {
  std::vector<SocketAddress> first;
  std::vector<SocketAddress> second;
  for (const SocketAddress& address : addresses) {
    const bool is_first = address.family() == addresses.front().family();
    (is_first ? first : second).push_back(address);
  }
  std::vector<SocketAddress> result;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) result.push_back(first[i]);
    if (i < second.size()) result.push_back(second[i]);
  }
  return result;
}

// The attempts to reach one host.
class Attempts {
 public:
  Attempts(const std::string& host, const ConnectOptions& options)
      : host_(host), options_(options) {}

  Task<absl::StatusOr<TcpStream>> Run(std::vector<SocketAddress> addresses) {
    auto body = [&](Nursery& nursery) -> Task<> {
      auto attempt = [&](SocketAddress address, int number) -> Task<> {
        co_await Attempt(address, number, nursery);
      };
      for (const SocketAddress& address : addresses) {
        nursery.StartSoon(attempt, address, ++started_);
        auto until_it_fails = last_has_failed_.Park("a connection");
        co_await MoveOnAfter(options_.attempt_delay(),
                             std::move(until_it_fails));
      }
    };
    const absl::Status status = co_await WithNursery(body);
    if (winner_.has_value()) co_return *std::move(winner_);
    if (!status.ok()) co_return status;
    co_return GroupErrors(std::move(errors_));
  }

 private:
  Task<> Attempt(SocketAddress address, int number, Nursery& nursery) {
    auto connect = Connect(address, options_, Describe(host_, address));
    absl::StatusOr<TcpStream> stream = co_await std::move(connect);
    if (!stream.ok()) {
      errors_.push_back(std::move(stream).status());
      if (number == started_) last_has_failed_.UnparkAll();
    } else if (!winner_.has_value()) {
      winner_ = *std::move(stream);
      nursery.Cancel("another attempt has succeeded");
    }
  }

  const std::string& host_;
  const ConnectOptions& options_;
  // Counts attempts from where they are decided on: the task of the last one
  // may not have run yet when the one before it fails.
  int started_ = 0;
  ParkingLot last_has_failed_;
  std::vector<absl::Status> errors_;
  std::optional<TcpStream> winner_;
};

}  // namespace

Task<absl::StatusOr<TcpStream>> ConnectTcp(SocketAddress address,
                                           ConnectOptions options) {
  auto connect = Connect(address, options, Describe(address));
  co_return co_await std::move(connect);
}

Task<absl::StatusOr<TcpStream>> ConnectTcp(std::string host, std::uint16_t port,
                                           ConnectOptions options) {
  auto resolve = options.resolver().Resolve(host, port);
  std::vector<SocketAddress> addresses =
      Interleave(co_await Try(std::move(resolve)));
  if (addresses.empty()) {
    co_await Checkpoint();
    co_return absl::NotFoundError(absl::StrCat(
        "connect to ", host, ": the resolver has found no address"));
  }
  if (addresses.size() == 1) {
    const SocketAddress& address = addresses.front();
    auto connect = Connect(address, options, Describe(host, address));
    co_return co_await std::move(connect);
  }
  Attempts attempts(host, options);
  auto run = attempts.Run(std::move(addresses));
  co_return co_await std::move(run);
}

}  // namespace creche
