// SPDX-License-Identifier: Apache-2.0
//
// Preludes: what a body does before it comes to a planted bug. A bug must be
// found whatever the run has asked its port, its clock or nobody for first.

#ifndef CRECHE_TESTS_TESTING_PRELUDES_H_
#define CRECHE_TESTS_TESTING_PRELUDES_H_

#include <sys/socket.h>
#include <unistd.h>

#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/sync/lock.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"

namespace creche {

struct Prelude {
  const char* name;
  Task<absl::Status> (*run)();
};

inline std::ostream& operator<<(std::ostream& out, const Prelude& prelude) {
  return out << prelude.name;
}

inline std::string PreludeName(const ::testing::TestParamInfo<Prelude>& info) {
  return info.param.name;
}

inline Task<absl::Status> PlayNothing() { co_return absl::OkStatus(); }

inline absl::StatusOr<TcpListener> ListenOnLoopback() {
  return ListenTcp(*SocketAddress::Parse("127.0.0.1", 0));
}

// Connects without an operation.
inline FileDescriptor ConnectPlainly(const SocketAddress& address) {
  FileDescriptor fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), address.data(), address.size()), 0);
  return fd;
}

inline Task<absl::Status> PlayAccept() {
  TcpListener listener = co_await Try(ListenOnLoopback());
  const FileDescriptor client = ConnectPlainly(listener.local_address());
  auto accept = listener.Accept();
  co_return (co_await std::move(accept)).status();
}

inline Task<absl::Status> PlayServe() {
  TcpListener listener = co_await Try(ListenOnLoopback());
  const FileDescriptor client = ConnectPlainly(listener.local_address());
  CancelScope scope;
  auto handle = [&](TcpStream) -> Task<> {
    scope.Cancel();
    co_return;
  };
  auto serve = ServeTcp(std::move(listener), handle);
  co_return (co_await scope.Run(std::move(serve))).value_or(absl::OkStatus());
}

inline Task<absl::Status> PlayReceive() {
  auto [first, second] = co_await Try(UnixStream::Pair());
  EXPECT_EQ(write(first.fd(), "x", 1), 1);
  const ReceivedBlock block = co_await Try(second.Receive());
  EXPECT_EQ(block.view(), "x");
  co_return absl::OkStatus();
}

inline Task<absl::Status> PlayConnect() {
  TcpListener listener = co_await Try(ListenOnLoopback());
  auto connect = ConnectTcp(listener.local_address());
  co_return (co_await std::move(connect)).status();
}

inline Task<absl::Status> PlayOpen() {
  auto open = File::Open("/dev/zero", File::kRead);
  co_return (co_await std::move(open)).status();
}

inline Task<absl::Status> PlayTimer() {
  co_await SleepFor(absl::Seconds(1));
  co_return absl::OkStatus();
}

inline Task<absl::Status> PlayLock() {
  Lock lock;
  LockGuard guard = co_await lock.Acquire();
  co_return absl::OkStatus();
}

inline constexpr Prelude kPreludes[] = {
    {"Nothing", PlayNothing}, {"Accept", PlayAccept},   {"Serve", PlayServe},
    {"Receive", PlayReceive}, {"Connect", PlayConnect}, {"Open", PlayOpen},
    {"Timer", PlayTimer},     {"Lock", PlayLock},
};

}  // namespace creche

#endif  // CRECHE_TESTS_TESTING_PRELUDES_H_
