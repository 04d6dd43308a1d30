// SPDX-License-Identifier: Apache-2.0
//
// What net/ and io/ have, cancelled at every cancel point, and with every
// kernel operation failing in every way: nothing is left, nothing hangs.

#include <cstddef>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/io/pipe.h"
#include "creche/io/pool.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/received_block.h"
#include "creche/net/resolve.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "gtest/gtest.h"
#include "tests/support/abstract_address.h"

namespace creche {
namespace {

absl::StatusOr<TcpListener> Listen() {
  return ListenTcp(*SocketAddress::Parse("127.0.0.1", 0));
}

Task<absl::Status> Resolving() {
  co_await Try(Resolve("127.0.0.1", "80"));
  co_return absl::OkStatus();
}

Task<absl::Status> EchoBlocks(TcpStream& stream) {
  for (;;) {
    const ReceivedBlock block = co_await Try(stream.Receive());
    if (block.empty()) co_return absl::OkStatus();
    co_await Try(stream.SendAll(block.view()));
  }
}

Task<> Serve(TcpStream stream) { (co_await EchoBlocks(stream)).IgnoreError(); }

Task<absl::Status> Exchange(SocketAddress address) {
  TcpStream stream = co_await Try(ConnectTcp(address));
  co_await Try(stream.SendAll("hello"));
  char buffer[5];
  co_await Try(stream.ReceiveExactly(buffer));
  co_await Try(stream.SendEof());
  const ReceivedBlock end = co_await Try(stream.Receive());
  EXPECT_TRUE(end.empty());
  co_return absl::OkStatus();
}

// A server that is cancelled while it serves, and drains.
Task<absl::Status> Serving() {
  TcpListener listener = co_await Try(Listen());
  const SocketAddress address = listener.local_address();
  CancelScope scope;
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto serve = [&]() -> Task<absl::Status> {
      auto serving = ServeTcp(std::move(listener), Serve,
                              ServeOptions().set_grace(absl::Seconds(1)));
      const auto status = co_await scope.Run(std::move(serving));
      co_return status.value_or(absl::OkStatus());
    };
    nursery.StartSoon(serve);
    co_await Try(Exchange(address));
    TcpStream idle = co_await Try(ConnectTcp(address));
    co_await Try(idle.SendAll("x"));
    char buffer[1];
    co_await Try(idle.ReceiveExactly(buffer));
    scope.Cancel();
    // Until the server ends it.
    const size_t size = co_await Try(idle.ReceiveSome(buffer));
    EXPECT_EQ(size, 0U);
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

// One at a time, by a listener that had been told to accept all; in the end a
// handler fails while somebody waits.
Task<absl::Status> ServingFew() {
  TcpListener listener = co_await Try(Listen());
  const SocketAddress address = listener.local_address();
  TcpStream before = co_await Try(ConnectTcp(address));
  TcpStream accepted = co_await Try(listener.Accept());
  int served = 0;
  auto handler = [&](TcpStream stream) -> Task<absl::Status> {
    if (++served == 3) co_return absl::DataLossError("broken");
    co_return co_await EchoBlocks(stream);
  };
  auto serve = [&]() -> Task<absl::Status> {
    auto serving = ServeTcp(std::move(listener), handler,
                            ServeOptions().set_max_connections(1));
    co_return co_await std::move(serving);
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    nursery.StartSoon(Exchange, address);
    co_await Try(Exchange(address));
    TcpStream third = co_await Try(ConnectTcp(address));
    TcpStream fourth = co_await Try(ConnectTcp(address));
    char buffer[1];
    (co_await third.ReceiveSome(buffer)).status().IgnoreError();
    co_return absl::OkStatus();
  };
  const absl::Status status = co_await WithNursery(body);
  co_return absl::IsDataLoss(status) ? absl::OkStatus() : status;
}

// Each way to receive, one after the other, with deadlines in between.
Task<absl::Status> Receiving() {
  auto [first, second] = co_await Try(UnixStream::Pair());
  for (int i = 0; i < 3; ++i) {
    co_await MoveOnAfter(absl::Milliseconds(1), second.Receive());
    co_await Try(first.SendAll("abcdef"));
    const ReceivedBlock block = co_await Try(second.Receive());
    co_await Try(first.SendAll("abcdef"));
    char buffer[6];
    co_await Try(second.ReceiveExactly(absl::MakeSpan(buffer, 3)));
    co_await Try(second.ReceiveSome(buffer));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> PassingDescriptors() {
  auto [first, second] = co_await Try(UnixStream::Pair());
  const std::vector<int> fds = {0, 1};
  co_await Try(first.SendDescriptors("x", fds));
  char buffer[1];
  const ReceivedDescriptors received =
      co_await Try(second.ReceiveDescriptors(buffer));
  EXPECT_EQ(received.descriptors.size(), 2U);
  co_return absl::OkStatus();
}

Task<absl::Status> UnixConnections() {
  const SocketAddress address = UniqueAbstractAddress();
  UnixListener listener = co_await Try(ListenUnix(address));
  for (int i = 0; i < 2; ++i) {
    UnixStream client = co_await Try(ConnectUnix(address));
    UnixStream server = co_await Try(listener.Accept());
    co_await Try(client.SendAll("x"));
    char buffer[1];
    co_await Try(server.ReceiveExactly(buffer));
  }
  co_return absl::OkStatus();
}

// So much at a time that each is an operation of its own.
Task<absl::Status> MovingMuch() {
  auto [first, second] = co_await Try(UnixStream::Pair());
  const std::string much(40'000, 'x');
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      for (int i = 0; i < 3; ++i) co_await Try(first.SendAll(much));
      co_return co_await first.SendEof();
    });
    std::vector<char> buffer(much.size());
    size_t received = 0;
    for (;;) {
      const size_t size =
          co_await Try(second.ReceiveSome(absl::MakeSpan(buffer)));
      if (size == 0) break;
      received += size;
      co_await Checkpoint();
    }
    EXPECT_EQ(received, 3 * much.size());
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> Datagrams() {
  const SocketAddress any = co_await Try(SocketAddress::Parse("127.0.0.1", 0));
  UdpSocket first = co_await Try(BindUdp(any));
  UdpSocket second = co_await Try(BindUdp(any));
  char buffer[10];
  for (int i = 0; i < 2; ++i) {
    co_await Try(first.SendTo("hello", second.local_address()));
    const ReceivedDatagram datagram =
        co_await Try(second.ReceiveFrom(absl::MakeSpan(buffer)));
    EXPECT_EQ(datagram.size, 5U);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Piping() {
  auto [reader, writer] = co_await Try(MakePipe());
  const std::string much(100'000, 'x');
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto write = [&]() -> Task<absl::Status> {
      co_await Try(writer.SendAll(much));
      co_return co_await writer.SendEof();
    };
    nursery.StartSoon(write);
    std::vector<char> buffer(30'000);
    for (;;) {
      const size_t size =
          co_await Try(reader.ReceiveSome(absl::MakeSpan(buffer)));
      if (size == 0) co_return absl::OkStatus();
    }
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> Lines() {
  auto [first, second] = co_await Try(UnixStream::Pair());
  BufferedWriter writer(first);
  co_await Try(writer.Write("one\r\ntw"));
  co_await Try(writer.Flush());
  co_await Try(writer.Write("o\n"));
  co_await Try(writer.Flush());
  BufferedReader reader(second);
  EXPECT_EQ(co_await Try(reader.ReadLine()), "one");
  EXPECT_EQ(co_await Try(reader.ReadLine()), "two");
  co_return absl::OkStatus();
}

Task<absl::Status> Pooling() {
  TcpListener listener = co_await Try(Listen());
  auto open = [&]() -> Task<absl::StatusOr<TcpStream>> {
    auto connect = ConnectTcp(listener.local_address());
    co_return co_await std::move(connect);
  };
  Pool<TcpStream> pool(open);
  for (int i = 0; i < 3; ++i) {
    auto lease = co_await Try(pool.Borrow());
    co_await Try(lease->SendAll("x"));
    lease.Return();
  }
  co_return absl::OkStatus();
}

struct Case {
  const char* name;
  Task<absl::Status> (*body)();
  bool has_operations = true;
};
std::ostream& operator<<(std::ostream& out, const Case& tested) {
  return out << tested.name;
}

class NetSweepTest : public ::testing::TestWithParam<Case> {};

TEST_P(NetSweepTest, IsCancelledEverywhere) {
  CancelEverywhere(GetParam().body);
}

TEST_P(NetSweepTest, SurvivesTheKernel) {
  FailEverywhereOptions options;
  options.allow_no_operations = !GetParam().has_operations;
  FailEverywhere(GetParam().body, [] {}, options);
}

INSTANTIATE_TEST_SUITE_P(
    Net, NetSweepTest,
    ::testing::Values(Case{"Resolving", Resolving, /*has_operations=*/false},
                      Case{"Serving", Serving}, Case{"ServingFew", ServingFew},
                      Case{"Receiving", Receiving},
                      Case{"PassingDescriptors", PassingDescriptors},
                      Case{"UnixConnections", UnixConnections},
                      Case{"MovingMuch", MovingMuch},
                      Case{"Datagrams", Datagrams}, Case{"Piping", Piping},
                      Case{"Lines", Lines}, Case{"Pooling", Pooling}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace creche
