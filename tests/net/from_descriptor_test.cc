// SPDX-License-Identifier: Apache-2.0
//
// FromDescriptor() of all sockets and listeners: takes what is of its kind,
// in whatever mode, and leaves alone what is not.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"
#include "tests/support/abstract_address.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

SocketAddress Loopback() {
  return SocketAddress::Parse("127.0.0.1", 0).value();
}

// As another library, or a service manager, would have made it.
FileDescriptor MakeSocket(int family, int type) {
  return FileDescriptor(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

FileDescriptor MakeListener(const SocketAddress& address) {
  FileDescriptor fd = MakeSocket(address.family(), SOCK_STREAM);
  EXPECT_EQ(bind(fd.get(), address.data(), address.size()), 0);
  EXPECT_EQ(listen(fd.get(), 5), 0);
  return fd;
}

bool IsNonBlocking(int fd) { return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

TEST(FromDescriptorTest, TcpListenerAccepts) {
  auto main = []() -> Task<absl::Status> {
    const int fd = MakeListener(Loopback()).Release();
    TcpListener listener = co_await Try(TcpListener::FromDescriptor(fd));
    EXPECT_EQ(listener.fd(), fd);
    EXPECT_NE(listener.port(), 0);
    EXPECT_FALSE(IsNonBlocking(fd));
    TcpStream client = co_await Try(ConnectTcp(listener.local_address()));
    TcpStream server = co_await Try(listener.Accept());
    int no_delay = 0;
    socklen_t size = sizeof(no_delay);
    getsockopt(server.fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    EXPECT_EQ(no_delay, 1);
    co_await Try(server.SendAll("hello"));
    char buffer[5];
    co_return co_await client.ReceiveExactly(buffer);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(FromDescriptorTest, UnixListenerAccepts) {
  auto main = []() -> Task<absl::Status> {
    const int fd = MakeListener(UniqueAbstractAddress()).Release();
    UnixListener listener = co_await Try(UnixListener::FromDescriptor(fd));
    UnixStream client = co_await Try(ConnectUnix(listener.local_address()));
    UnixStream server = co_await Try(listener.Accept());
    co_await Try(server.SendAll("hello"));
    char buffer[5];
    co_return co_await client.ReceiveExactly(buffer);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(FromDescriptorTest, UnixStreamReceives) {
  auto main = []() -> Task<absl::Status> {
    int fds[2];
    EXPECT_EQ(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        0);
    UnixStream first = co_await Try(UnixStream::FromDescriptor(fds[0]));
    UnixStream second = co_await Try(UnixStream::FromDescriptor(fds[1]));
    EXPECT_FALSE(IsNonBlocking(fds[0]));
    co_await Try(second.SendAll("hello"));
    char buffer[5];
    co_return co_await first.ReceiveExactly(buffer);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(FromDescriptorTest, UdpSocketReceives) {
  auto main = []() -> Task<absl::Status> {
    FileDescriptor fd = MakeSocket(AF_INET, SOCK_DGRAM);
    const SocketAddress address = Loopback();
    EXPECT_EQ(bind(fd.get(), address.data(), address.size()), 0);
    UdpSocket bound = co_await Try(UdpSocket::FromDescriptor(fd.Release()));
    EXPECT_NE(bound.port(), 0);
    UdpSocket unbound = co_await Try(
        UdpSocket::FromDescriptor(MakeSocket(AF_INET, SOCK_DGRAM).Release()));
    co_await Try(unbound.SendTo("hello", bound.local_address()));
    char buffer[5];
    const ReceivedDatagram datagram = co_await Try(bound.ReceiveFrom(buffer));
    EXPECT_EQ(datagram.size, 5U);
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

template <typename Socket>
void ExpectRefused(const FileDescriptor& fd, const std::string& why) {
  const int flags = fcntl(fd.get(), F_GETFL);
  const absl::StatusOr<Socket> refused = Socket::FromDescriptor(fd.get());
  EXPECT_THAT(refused.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(absl::StrContains(refused.status().message(), why))
      << refused.status();
  // It remains the caller's, as it was.
  EXPECT_EQ(fcntl(fd.get(), F_GETFL), flags);
}

TEST(FromDescriptorTest, RefusesWhatIsOfAnotherKind) {
  const FileDescriptor tcp = MakeSocket(AF_INET, SOCK_STREAM);
  const FileDescriptor tcp6_listener =
      MakeListener(SocketAddress::Parse("::1", 0).value());
  const FileDescriptor udp = MakeSocket(AF_INET, SOCK_DGRAM);
  const FileDescriptor unix_stream = MakeSocket(AF_UNIX, SOCK_STREAM);
  const FileDescriptor unix_datagrams = MakeSocket(AF_UNIX, SOCK_DGRAM);
  const FileDescriptor file(open("/dev/null", O_RDWR | O_CLOEXEC));

  ExpectRefused<TcpStream>(tcp, "not connected");
  ExpectRefused<TcpStream>(tcp6_listener, "not connected");
  ExpectRefused<TcpStream>(unix_stream, "not a TCP socket");
  ExpectRefused<TcpListener>(tcp, "not listening");
  ExpectRefused<TcpListener>(udp, "not a TCP socket");
  ExpectRefused<UnixStream>(unix_stream, "not connected");
  ExpectRefused<UnixStream>(unix_datagrams, "not a Unix-domain stream");
  ExpectRefused<UnixListener>(unix_stream, "not listening");
  ExpectRefused<UnixListener>(tcp6_listener, "not a Unix-domain stream");
  ExpectRefused<UdpSocket>(tcp, "not a UDP socket");
  ExpectRefused<UdpSocket>(file, "not a UDP socket");
  EXPECT_THAT(TcpListener::FromDescriptor(-1).status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace creche
