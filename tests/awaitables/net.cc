// SPDX-License-Identifier: Apache-2.0
//
// The other awaitables of net/ and uring/.

#include <liburing.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/resolve.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/net/wait_readable.h"
#include "creche/uring/file_descriptor.h"
#include "creche/uring/operation.h"
#include "gtest/gtest.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"
#include "tests/support/abstract_address.h"

namespace creche::awaitables {
namespace {

constexpr const char* kNetworkDecides =
    "on this machine nothing makes it wait that a test could rely on";

SocketAddress Loopback() {
  return SocketAddress::Parse("127.0.0.1", 0).value();
}

// Of another address family than the sockets that it is given to.
SocketAddress NoAddress() { return SocketAddress(); }

TcpListener Listen() { return ListenTcp(Loopback()).value(); }

Task<absl::Status> Connect(const TcpListener& listener) {
  auto connect = ConnectTcp(listener.local_address());
  co_return (co_await std::move(connect)).status();
}

Task<absl::Status> ConnectionHasCome() {
  TcpListener listener = Listen();
  TcpStream stream = co_await Try(ConnectTcp(listener.local_address()));
  co_return co_await AtOnce(listener.Accept());
}

Task<absl::Status> ConnectionComes() {
  TcpListener listener = Listen();
  auto connect = [&]() -> Task<absl::Status> {
    co_return co_await Connect(listener);
  };
  co_return co_await UntilItIsDone(listener.Accept(), connect);
}

Task<absl::Status> ClosedAccepts() {
  TcpListener listener = Listen();
  listener.Close();
  co_return co_await Refused(listener.Accept(), IsClosedResource);
}

Task<absl::Status> OneHasCome() {
  TcpListener listener = Listen();
  TcpStream stream = co_await Try(ConnectTcp(listener.local_address()));
  co_return co_await AtOnce(listener.AcceptOne());
}

Task<absl::Status> OneComes() {
  TcpListener listener = Listen();
  auto connect = [&]() -> Task<absl::Status> {
    co_return co_await Connect(listener);
  };
  co_return co_await UntilItIsDone(listener.AcceptOne(), connect);
}

Task<absl::Status> ClosedAcceptsOne() {
  TcpListener listener = Listen();
  listener.Close();
  co_return co_await Refused(listener.AcceptOne(), IsClosedResource);
}

Task<absl::Status> ConnectsTcp() {
  TcpListener listener = Listen();
  co_return co_await AtOnce(ConnectTcp(listener.local_address()));
}

Task<absl::Status> ConnectsTcpToDigits() {
  TcpListener listener = Listen();
  co_return co_await AtOnce(ConnectTcp("127.0.0.1", listener.port()));
}

Task<absl::Status> ConnectsTcpToNoAddress() {
  co_return co_await Refused(ConnectTcp(NoAddress()), absl::IsInvalidArgument);
}

Task<absl::Status> ConnectsUnix() {
  const SocketAddress address = UniqueAbstractAddress();
  UnixListener listener = co_await Try(ListenUnix(address));
  co_return co_await AtOnce(ConnectUnix(address));
}

Task<absl::Status> ConnectsUnixToNoAddress() {
  co_return co_await Refused(ConnectUnix(Loopback()), absl::IsInvalidArgument);
}

Task<absl::Status> ListensOnDigits() {
  co_return co_await AtOnce(ListenTcp("127.0.0.1", 0));
}

Task<absl::Status> ListensOnNoName() {
  co_return co_await Refused(ListenTcp(std::string("\0", 1), 0),
                             absl::IsInvalidArgument);
}

Task<absl::Status> ResolvesDigits() {
  co_return co_await AtOnce(Resolve("127.0.0.1", "80"));
}

Task<absl::Status> ResolvesNoName() {
  co_return co_await Refused(Resolve(std::string("\0", 1)),
                             absl::IsInvalidArgument);
}

Task<absl::Status> ResolverResolvesDigits() {
  co_return co_await AtOnce(SystemResolver().Resolve("127.0.0.1", 80));
}

Task<absl::Status> ResolverResolvesNoName() {
  co_return co_await Refused(SystemResolver().Resolve(std::string("\0", 1), 80),
                             absl::IsInvalidArgument);
}

Task<> CloseIt(TcpStream stream) {
  stream.Close();
  co_return;
}

Task<absl::Status> Serves() {
  TcpListener listener = Listen();
  const SocketAddress address = listener.local_address();
  auto client = [&]() -> Task<absl::Status> {
    TcpStream stream = co_await Try(ConnectTcp(address));
    char buffer[1];
    co_return (co_await stream.ReceiveSome(buffer)).status();
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto serve = [&]() -> Task<absl::Status> {
      auto serving = ServeTcp(std::move(listener), CloseIt);
      co_return co_await std::move(serving);
    };
    nursery.StartSoon(serve);
    absl::Status status = co_await client();
    nursery.Cancel();
    co_return status;
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> ServesUntilATimeout() {
  auto serve = MoveOnAfter(absl::Seconds(1), ServeTcp(Listen(), CloseIt));
  co_return co_await AtOnce(std::move(serve));
}

Task<absl::Status> ServesOnAClosedListener() {
  TcpListener listener = Listen();
  listener.Close();
  co_return co_await Refused(ServeTcp(std::move(listener), CloseIt),
                             IsClosedResource);
}

Task<absl::Status> DatagramHasCome() {
  UdpSocket socket = co_await Try(BindUdp(Loopback()));
  char buffer[4];
  co_await Try(socket.SendTo("data", socket.local_address()));
  co_return co_await AtOnce(socket.ReceiveFrom(buffer));
}

Task<absl::Status> DatagramComes() {
  UdpSocket socket = co_await Try(BindUdp(Loopback()));
  char buffer[4];
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await socket.SendTo("data", socket.local_address());
  };
  co_return co_await UntilItIsDone(socket.ReceiveFrom(buffer), send);
}

Task<absl::Status> ClosedReceivesFrom() {
  UdpSocket socket = co_await Try(BindUdp(Loopback()));
  char buffer[4];
  socket.Close();
  co_return co_await Refused(socket.ReceiveFrom(buffer), IsClosedResource);
}

Task<absl::Status> SendsADatagram() {
  UdpSocket socket = co_await Try(BindUdp(Loopback()));
  co_return co_await AtOnce(socket.SendTo("data", socket.local_address()));
}

Task<absl::Status> ClosedSendsTo() {
  UdpSocket socket = co_await Try(BindUdp(Loopback()));
  socket.Close();
  co_return co_await Refused(socket.SendTo("data", Loopback()),
                             IsClosedResource);
}

void PrepareNothing(io_uring_sqe& entry) { io_uring_prep_nop(&entry); }

// An operation's result, as a Status.
Task<absl::Status> CheckedUring(void (*prepare)(io_uring_sqe&)) {
  const int result = co_await Uring(prepare);
  co_return result < 0 ? absl::ErrnoToStatus(-result, "Uring")
                       : absl::OkStatus();
}

Task<absl::Status> DoesNothing() {
  co_return co_await AtOnce(CheckedUring(PrepareNothing));
}

Task<absl::Status> ReceivesFromUnix() {
  auto ends = UnixStream::Pair().value();
  char buffer[4];
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_recv(&entry, ends.first.fd(), buffer, sizeof(buffer), 0);
  };
  auto receive = [&]() -> Task<absl::Status> {
    const int result = co_await Uring(prepare);
    co_return result < 0 ? absl::ErrnoToStatus(-result, "recv")
                         : absl::OkStatus();
  };
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await ends.second.SendAll("data");
  };
  co_return co_await UntilItIsDone(receive(), send);
}

// An eventfd, which is writable, and readable when something was written.
FileDescriptor MakeEvent() {
  return FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

// By as much as there is room for, or a little.
void FillEvent(const FileDescriptor& event, std::uint64_t value) {
  EXPECT_EQ(write(event.get(), &value, sizeof(value)), 8);
}

constexpr std::uint64_t kFull = ~std::uint64_t{0} - 1;

Task<absl::Status> EventIsReadable() {
  FileDescriptor event = MakeEvent();
  FillEvent(event, 1);
  co_return co_await AtOnce(WaitReadable(event.get()));
}

Task<absl::Status> EventBecomesReadable() {
  FileDescriptor event = MakeEvent();
  co_return co_await UntilItIsDone(WaitReadable(event.get()),
                                   [&] { FillEvent(event, 1); });
}

Task<absl::Status> NothingIsReadable() {
  co_return co_await Refused(WaitReadable(-1), absl::IsFailedPrecondition);
}

Task<absl::Status> EventIsWritable() {
  FileDescriptor event = MakeEvent();
  co_return co_await AtOnce(WaitWritable(event.get()));
}

Task<absl::Status> EventBecomesWritable() {
  FileDescriptor event = MakeEvent();
  FillEvent(event, kFull);
  auto make_room = [&] {
    std::uint64_t value = 0;
    EXPECT_EQ(read(event.get(), &value, sizeof(value)), 8);
  };
  co_return co_await UntilItIsDone(WaitWritable(event.get()), make_room);
}

Task<absl::Status> NothingIsWritable() {
  co_return co_await Refused(WaitWritable(-1), absl::IsFailedPrecondition);
}

Task<absl::Status> ReadsFromNoDescriptor() {
  auto prepare = [](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, -1, nullptr, 0, 0);
  };
  co_return co_await Refused(CheckedUring(prepare), [](const absl::Status& s) {
    return s.code() == absl::ErrnoToStatusCode(EBADF);
  });
}

}  // namespace

std::vector<Awaitable> NetAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"SocketListener::Accept", ConnectionHasCome, ConnectionComes,
       ClosedAccepts, kUsed},
      {"SocketListener::AcceptOne", OneHasCome, OneComes, ClosedAcceptsOne,
       kUsed},
      {"ConnectTcp", ConnectsTcp, ConnectsTcpToDigits, ConnectsTcpToNoAddress,
       kUsed},
      {"ConnectUnix", ConnectsUnix, kNetworkDecides, ConnectsUnixToNoAddress,
       kUsed},
      {"ListenTcp", ListensOnDigits, kNetworkDecides, ListensOnNoName},
      {"Resolve", ResolvesDigits, kNetworkDecides, ResolvesNoName},
      {"Resolver::Resolve", ResolverResolvesDigits, kNetworkDecides,
       ResolverResolvesNoName},
      {"ServeTcp", Serves, ServesUntilATimeout, ServesOnAClosedListener, kUsed},
      {"UdpSocket::ReceiveFrom", DatagramHasCome, DatagramComes,
       ClosedReceivesFrom, kUsed},
      {"UdpSocket::SendTo", SendsADatagram, kNetworkDecides, ClosedSendsTo,
       kUsed},
      {"WaitReadable", EventIsReadable, EventBecomesReadable, NothingIsReadable,
       kUsed},
      {"WaitWritable", EventIsWritable, EventBecomesWritable, NothingIsWritable,
       kUsed},
      {"Uring", DoesNothing, ReceivesFromUnix, ReadsFromNoDescriptor, kUsed},
  };
}

}  // namespace creche::awaitables
