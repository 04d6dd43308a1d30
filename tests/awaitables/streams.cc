// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of connections: those of SocketStream, which TcpStream and
// UnixStream share, and of UnixStream; and AnyStream's.

#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/net/received_block.h"
#include "creche/net/unix_socket.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kNeverWaits = "it never waits";

// More than a Connection's buffer holds, so that a send of it waits.
constexpr size_t kMuch = size_t{1} << 16;

// Two connected streams, and room for what comes. The first has the smallest
// buffer that the system allows: sweeps send through it many times.
struct Connection {
  Connection() : Connection(UnixStream::Pair().value()) {
    const int smallest = 1;
    setsockopt(here.fd(), SOL_SOCKET, SO_SNDBUF, &smallest, sizeof(smallest));
  }

  UnixStream here;
  UnixStream there;
  char buffer[4] = {};

 private:
  explicit Connection(std::pair<UnixStream, UnixStream> ends)
      : here(std::move(ends.first)), there(std::move(ends.second)) {}
};

// Receives until the other end's SendAll(), or its connection, has ended.
Task<absl::Status> ReceiveEverything(UnixStream& stream, size_t size) {
  std::string data(size, '\0');
  co_return co_await stream.ReceiveExactly(absl::MakeSpan(data));
}

Task<absl::Status> SomeHasCome() {
  Connection connection;
  co_await Try(connection.there.SendAll("data"));
  co_return co_await AtOnce(connection.here.ReceiveSome(connection.buffer));
}

Task<absl::Status> SomeComes() {
  Connection connection;
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await connection.there.SendAll("data");
  };
  co_return co_await UntilItIsDone(
      connection.here.ReceiveSome(connection.buffer), send);
}

Task<absl::Status> ClosedReceivesSome() {
  Connection connection;
  connection.here.Close();
  co_return co_await Refused(connection.here.ReceiveSome(connection.buffer),
                             IsClosedResource);
}

Task<absl::Status> AllHasCome() {
  Connection connection;
  co_await Try(connection.there.SendAll("data"));
  co_return co_await AtOnce(connection.here.ReceiveExactly(connection.buffer));
}

Task<absl::Status> AllComes() {
  Connection connection;
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await connection.there.SendAll("data");
  };
  co_return co_await UntilItIsDone(
      connection.here.ReceiveExactly(connection.buffer), send);
}

Task<absl::Status> ClosedReceivesExactly() {
  Connection connection;
  connection.here.Close();
  co_return co_await Refused(connection.here.ReceiveExactly(connection.buffer),
                             IsClosedResource);
}

Task<absl::Status> BlockHasCome() {
  Connection connection;
  co_await Try(connection.there.SendAll("data"));
  co_return co_await AtOnce(connection.here.Receive());
}

Task<absl::Status> BlockComes() {
  Connection connection;
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await connection.there.SendAll("data");
  };
  co_return co_await UntilItIsDone(connection.here.Receive(), send);
}

Task<absl::Status> ClosedReceives() {
  Connection connection;
  connection.here.Close();
  co_return co_await Refused(connection.here.Receive(), IsClosedResource);
}

Task<absl::Status> SendsALittle() {
  Connection connection;
  co_return co_await AtOnce(connection.here.SendAll("data"));
}

Task<absl::Status> SendsMuch() {
  Connection connection;
  const std::string data(kMuch, 'x');
  auto receive = [&]() -> Task<absl::Status> {
    co_return co_await ReceiveEverything(connection.there, kMuch);
  };
  co_return co_await UntilItIsDone(connection.here.SendAll(data), receive);
}

Task<absl::Status> ClosedSends() {
  Connection connection;
  connection.here.Close();
  co_return co_await Refused(connection.here.SendAll("data"), IsClosedResource);
}

Task<absl::Status> SendsTheEnd() {
  Connection connection;
  co_return co_await AtOnce(connection.here.SendEof());
}

Task<absl::Status> ClosedSendsTheEnd() {
  Connection connection;
  connection.here.Close();
  co_return co_await Refused(connection.here.SendEof(), IsClosedResource);
}

Task<absl::Status> DescriptorsHaveCome() {
  Connection connection;
  const int sent[] = {connection.there.fd()};
  co_await Try(connection.there.SendDescriptors("data", sent));
  co_return co_await AtOnce(
      connection.here.ReceiveDescriptors(connection.buffer));
}

Task<absl::Status> DescriptorsCome() {
  Connection connection;
  auto send = [&]() -> Task<absl::Status> {
    const int sent[] = {connection.there.fd()};
    co_return co_await connection.there.SendDescriptors("data", sent);
  };
  co_return co_await UntilItIsDone(
      connection.here.ReceiveDescriptors(connection.buffer), send);
}

Task<absl::Status> ClosedReceivesDescriptors() {
  Connection connection;
  connection.here.Close();
  co_return co_await Refused(
      connection.here.ReceiveDescriptors(connection.buffer), IsClosedResource);
}

Task<absl::Status> SendsDescriptors() {
  Connection connection;
  const int sent[] = {connection.here.fd()};
  co_return co_await AtOnce(connection.here.SendDescriptors("data", sent));
}

Task<absl::Status> SendsDescriptorsAndMuch() {
  Connection connection;
  const std::string data(kMuch, 'x');
  const int sent[] = {connection.here.fd()};
  auto receive = [&]() -> Task<absl::Status> {
    co_return co_await ReceiveEverything(connection.there, kMuch);
  };
  co_return co_await UntilItIsDone(connection.here.SendDescriptors(data, sent),
                                   receive);
}

Task<absl::Status> SendsDescriptorsWithoutData() {
  Connection connection;
  const int sent[] = {connection.here.fd()};
  co_return co_await Refused(connection.here.SendDescriptors("", sent),
                             absl::IsInvalidArgument);
}

Task<absl::Status> AnyHasReceived() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  co_await Try(connection.there.SendAll("data"));
  co_return co_await AtOnce(
      stream.ReceiveSome(absl::MakeSpan(connection.buffer)));
}

Task<absl::Status> AnyReceives() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await connection.there.SendAll("data");
  };
  co_return co_await UntilItIsDone(
      stream.ReceiveSome(absl::MakeSpan(connection.buffer)), send);
}

Task<absl::Status> MovedFromReceives() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  const AnyStream moved(std::move(stream));
  co_return co_await Refused(
      stream.ReceiveSome(absl::MakeSpan(connection.buffer)), IsClosedResource);
}

Task<absl::Status> AnySendsALittle() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  co_return co_await AtOnce(stream.SendAll("data"));
}

Task<absl::Status> AnySendsMuch() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  const std::string data(kMuch, 'x');
  auto receive = [&]() -> Task<absl::Status> {
    co_return co_await ReceiveEverything(connection.there, kMuch);
  };
  co_return co_await UntilItIsDone(stream.SendAll(data), receive);
}

Task<absl::Status> MovedFromSends() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  const AnyStream moved(std::move(stream));
  co_return co_await Refused(stream.SendAll("data"), IsClosedResource);
}

Task<absl::Status> AnySendsTheEnd() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  co_return co_await AtOnce(stream.SendEof());
}

Task<absl::Status> MovedFromSendsTheEnd() {
  Connection connection;
  AnyStream stream(std::move(connection.here));
  const AnyStream moved(std::move(stream));
  co_return co_await Refused(stream.SendEof(), IsClosedResource);
}

}  // namespace

std::vector<Awaitable> StreamAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"SocketStream::ReceiveSome", SomeHasCome, SomeComes, ClosedReceivesSome,
       kUsed},
      {"SocketStream::ReceiveExactly", AllHasCome, AllComes,
       ClosedReceivesExactly, kUsed},
      {"SocketStream::Receive", BlockHasCome, BlockComes, ClosedReceives,
       kUsed},
      {"SocketStream::SendAll", SendsALittle, SendsMuch, ClosedSends, kUsed},
      {"SocketStream::SendEof", SendsTheEnd, kNeverWaits, ClosedSendsTheEnd},
      {"UnixStream::ReceiveDescriptors", DescriptorsHaveCome, DescriptorsCome,
       ClosedReceivesDescriptors, kUsed},
      {"UnixStream::SendDescriptors", SendsDescriptors, SendsDescriptorsAndMuch,
       SendsDescriptorsWithoutData, kUsed},
      {"AnyStream::ReceiveSome", AnyHasReceived, AnyReceives, MovedFromReceives,
       kUsed},
      {"AnyStream::SendAll", AnySendsALittle, AnySendsMuch, MovedFromSends,
       kUsed},
      {"AnyStream::SendEof", AnySendsTheEnd, kNeverWaits, MovedFromSendsTheEnd},
  };
}

}  // namespace creche::awaitables
