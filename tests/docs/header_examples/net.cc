// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/net/, compiled.

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"

namespace {

// connect_tcp.h

[[maybe_unused]] creche::Task<absl::Status> ConnectTcpExample() {
  creche::TcpStream stream =
      co_await creche::Try(creche::ConnectTcp("example.org", 80));
  co_return absl::OkStatus();
}

// received_block.h

void Parse(absl::string_view /*bytes*/) {}

[[maybe_unused]] creche::Task<absl::Status> ReceivedBlockExample(
    creche::TcpStream& stream) {
  creche::ReceivedBlock block = co_await creche::Try(stream.Receive());
  if (block.empty()) co_return absl::OkStatus();  // The end of the stream.
  Parse(block.view());
  co_return absl::OkStatus();
}

// resolve.h

[[maybe_unused]] creche::Task<absl::Status> ResolveExample() {
  std::vector<creche::SocketAddress> addresses =
      co_await creche::Try(creche::Resolve("example.org", "https"));
  co_return absl::OkStatus();
}

// serve_tcp.h

creche::Task<> Greet(creche::TcpStream stream) {
  (co_await stream.SendAll("hello\n")).IgnoreError();
}

[[maybe_unused]] creche::Task<absl::Status> ServeTcpExample() {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("", 7777));
  co_await creche::Try(creche::ServeTcp(std::move(listener), Greet));
  co_return absl::OkStatus();
}

// socket_address.h

[[maybe_unused]] void SocketAddressExample() {
  absl::StatusOr<creche::SocketAddress> address =
      creche::SocketAddress::Parse("127.0.0.1", 8080);
}

// socket_listener.h

[[maybe_unused]] creche::Task<absl::Status> SocketListenerExample(
    creche::TcpListener& listener) {
  creche::TcpStream stream = co_await creche::Try(listener.Accept());
  co_return absl::OkStatus();
}

// socket_stream.h

[[maybe_unused]] creche::Task<absl::Status> SocketStreamExample(
    creche::TcpStream& stream) {
  char buffer[4096];
  size_t size = co_await creche::Try(stream.ReceiveSome(buffer));
  co_await creche::Try(stream.SendAll({buffer, size}));
  co_return absl::OkStatus();
}

// tcp_listener.h

[[maybe_unused]] creche::Task<absl::Status> TcpListenerExample() {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", 0));
  creche::TcpStream stream = co_await creche::Try(listener.Accept());
  co_return absl::OkStatus();
}

// tcp_stream.h

[[maybe_unused]] creche::Task<absl::Status> TcpStreamExample() {
  creche::TcpStream stream =
      co_await creche::Try(creche::ConnectTcp("127.0.0.1", 7));
  co_await creche::Try(stream.SendAll("hello"));
  co_return absl::OkStatus();
}

// udp_socket.h

[[maybe_unused]] creche::Task<absl::Status> UdpSocketExample() {
  creche::UdpSocket socket =
      *creche::BindUdp(*creche::SocketAddress::Parse("127.0.0.1", 0));
  char buffer[2048];
  creche::ReceivedDatagram packet =
      co_await creche::Try(socket.ReceiveFrom(buffer));
  co_await creche::Try(socket.SendTo({buffer, packet.size}, packet.from));
  co_return absl::OkStatus();
}

// unix_socket.h

[[maybe_unused]] creche::Task<absl::Status> UnixSocketExample() {
  creche::UnixListener listener =
      *creche::ListenUnix(*creche::SocketAddress::Unix("/run/x.socket"));
  creche::UnixStream stream = co_await creche::Try(listener.Accept());
  co_return absl::OkStatus();
}

// wait_readable.h

struct Library {
  bool WantsToRead() const { return socket >= 0; }
  int fd() const { return socket; }
  void Process() { socket = -1; }
  int socket = 0;
};

[[maybe_unused]] creche::Task<absl::Status> WaitReadableExample(
    Library& library) {
  // A library that says when its socket is worth a call.
  while (library.WantsToRead()) {
    co_await creche::Try(creche::WaitReadable(library.fd()));
    library.Process();
  }
  co_return absl::OkStatus();
}

}  // namespace
