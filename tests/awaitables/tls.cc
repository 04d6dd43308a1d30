// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of tls/, and of testing/tls/.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/tls/mangled_stream.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/connect_tls.h"
#include "creche/tls/serve_tls.h"
#include "creche/tls/tls_stream.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

using MemoryTls = TlsStream<MemoryStream>;

constexpr const char* kNeedsAPeer = "a handshake waits for the peer";

// Two ends with room for some records.
Task<absl::StatusOr<std::pair<MemoryTls, MemoryTls>>> Ends() {
  auto [client, server] = MemoryStreamPair(/*capacity=*/20000);
  auto shaking = TlsPair(std::move(client), std::move(server));
  co_return co_await std::move(shaking);
}

Task<absl::Status> ShakesHands() {
  auto [client_end, server_end] = MemoryStreamPair();
  auto client = MemoryTls::Client(std::move(client_end), TestClientContext(),
                                  "localhost");
  auto serve = [end = &server_end]() -> Task<absl::Status> {
    auto server = MemoryTls::Server(std::move(*end), TestServerContext());
    const absl::StatusOr<MemoryTls> made = co_await std::move(server);
    co_return made.status();
  };
  co_return co_await UntilItIsDone(std::move(client), serve);
}

Task<absl::Status> ServerShakesHands() {
  auto [client_end, server_end] = MemoryStreamPair();
  auto server = MemoryTls::Server(std::move(server_end), TestServerContext());
  auto ask = [end = &client_end]() -> Task<absl::Status> {
    auto client =
        MemoryTls::Client(std::move(*end), TestClientContext(), "localhost");
    const absl::StatusOr<MemoryTls> made = co_await std::move(client);
    co_return made.status();
  };
  co_return co_await UntilItIsDone(std::move(server), ask);
}

Task<absl::Status> ClientOfAPeerThatIsGone() {
  auto [client_end, server_end] = MemoryStreamPair();
  server_end.Close();
  auto client = MemoryTls::Client(std::move(client_end), TestClientContext(),
                                  "localhost");
  co_return co_await Refused(std::move(client), absl::IsUnavailable);
}

Task<absl::Status> ServerOfAPeerThatIsGone() {
  auto [client_end, server_end] = MemoryStreamPair();
  client_end.Close();
  auto server = MemoryTls::Server(std::move(server_end), TestServerContext());
  co_return co_await Refused(std::move(server), absl::IsUnavailable);
}

Task<absl::Status> HasReceived() {
  auto ends = co_await Try(Ends());
  char buffer[4];
  co_await Try(ends.second.SendAll("data"));
  co_return co_await AtOnce(ends.first.ReceiveSome(absl::MakeSpan(buffer)));
}

Task<absl::Status> Receives() {
  auto ends = co_await Try(Ends());
  char buffer[4];
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await ends.second.SendAll("data");
  };
  co_return co_await UntilItIsDone(
      ends.first.ReceiveSome(absl::MakeSpan(buffer)), send);
}

Task<absl::Status> ClosedReceives() {
  auto ends = co_await Try(Ends());
  char buffer[4];
  ends.first.Close();
  co_return co_await Refused(ends.first.ReceiveSome(absl::MakeSpan(buffer)),
                             IsClosedResource);
}

Task<absl::Status> HasReceivedAll() {
  auto ends = co_await Try(Ends());
  char buffer[4];
  co_await Try(ends.second.SendAll("data"));
  co_return co_await AtOnce(ends.first.ReceiveExactly(absl::MakeSpan(buffer)));
}

Task<absl::Status> ReceivesAll() {
  auto ends = co_await Try(Ends());
  char buffer[4];
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await ends.second.SendAll("data");
  };
  co_return co_await UntilItIsDone(
      ends.first.ReceiveExactly(absl::MakeSpan(buffer)), send);
}

Task<absl::Status> ClosedReceivesAll() {
  auto ends = co_await Try(Ends());
  char buffer[4];
  ends.first.Close();
  co_return co_await Refused(ends.first.ReceiveExactly(absl::MakeSpan(buffer)),
                             IsClosedResource);
}

Task<absl::Status> SendsALittle() {
  auto ends = co_await Try(Ends());
  co_return co_await AtOnce(ends.first.SendAll("data"));
}

Task<absl::Status> SendsMuch() {
  auto ends = co_await Try(Ends());
  const std::string much(100000, 'x');
  auto receive = [&]() -> Task<absl::Status> {
    std::string received(much.size(), '\0');
    co_return co_await ends.second.ReceiveExactly(absl::MakeSpan(received));
  };
  co_return co_await UntilItIsDone(ends.first.SendAll(much), receive);
}

Task<absl::Status> ClosedSends() {
  auto ends = co_await Try(Ends());
  ends.first.Close();
  co_return co_await Refused(ends.first.SendAll("data"), IsClosedResource);
}

Task<absl::Status> SendsTheEnd() {
  auto ends = co_await Try(Ends());
  co_return co_await AtOnce(ends.first.SendEof());
}

// As much as the transport has room for.
Task<absl::Status> Clog(MemoryTls& stream) {
  while (stream.TrySend(std::string(1000, 'x')) > 0) {
  }
  co_return absl::OkStatus();
}

Task<absl::Status> SendsTheEndLater() {
  auto ends = co_await Try(Ends());
  co_await Try(Clog(ends.first));
  auto receive = [&]() -> Task<absl::Status> {
    std::string received(18000, '\0');
    co_return co_await ends.second.ReceiveExactly(absl::MakeSpan(received));
  };
  co_return co_await UntilItIsDone(ends.first.SendEof(), receive);
}

Task<absl::Status> ClosedSendsTheEnd() {
  auto ends = co_await Try(Ends());
  ends.first.Close();
  co_return co_await Refused(ends.first.SendEof(), IsClosedResource);
}

Task<absl::Status> ShutsDown() {
  auto ends = co_await Try(Ends());
  co_await Try(ends.second.SendEof());
  co_return co_await AtOnce(ends.first.Shutdown());
}

Task<absl::Status> ShutsDownLater() {
  auto ends = co_await Try(Ends());
  auto end = [&]() -> Task<absl::Status> {
    co_return co_await ends.second.SendEof();
  };
  co_return co_await UntilItIsDone(ends.first.Shutdown(absl::Hours(1)), end);
}

Task<absl::Status> ClosedShutsDown() {
  auto ends = co_await Try(Ends());
  ends.first.Close();
  co_return co_await Refused(ends.first.Shutdown(), IsClosedResource);
}

Task<absl::Status> Unwraps() {
  auto ends = co_await Try(Ends());
  co_await Try(ends.second.SendEof());
  co_return co_await AtOnce(ends.first.Unwrap());
}

Task<absl::Status> UnwrapsLater() {
  auto ends = co_await Try(Ends());
  auto end = [&]() -> Task<absl::Status> {
    co_return co_await ends.second.SendEof();
  };
  co_return co_await UntilItIsDone(ends.first.Unwrap(), end);
}

Task<absl::Status> ClosedUnwraps() {
  auto ends = co_await Try(Ends());
  ends.first.Close();
  co_return co_await Refused(ends.first.Unwrap(), IsClosedResource);
}

// Its cancel points are those of the two handshakes.
Task<absl::Status> Pairs() { co_return co_await Awaited(TlsPair()); }

class Mangled {
 public:
  Mangled() : Mangled(MemoryStreamPair(4)) {}
  MangledStream here;
  MemoryStream there;
  char buffer[4] = {};

 private:
  explicit Mangled(std::pair<MemoryStream, MemoryStream> ends)
      : here(AnyStream(std::move(ends.first)), Mangling()),
        there(std::move(ends.second)) {}
};

Task<absl::Status> MangledHasCome() {
  Mangled pair;
  co_await Try(pair.there.SendAll("data"));
  co_return co_await AtOnce(pair.here.ReceiveSome(absl::MakeSpan(pair.buffer)));
}

Task<absl::Status> MangledComes() {
  Mangled pair;
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await pair.there.SendAll("data");
  };
  co_return co_await UntilItIsDone(
      pair.here.ReceiveSome(absl::MakeSpan(pair.buffer)), send);
}

Task<absl::Status> ClosedMangledReceives() {
  Mangled pair;
  pair.here.Close();
  co_return co_await Refused(pair.here.ReceiveSome(absl::MakeSpan(pair.buffer)),
                             IsClosedResource);
}

Task<absl::Status> MangledSends() {
  Mangled pair;
  co_return co_await AtOnce(pair.here.SendAll("data"));
}

Task<absl::Status> MangledSendsMuch() {
  Mangled pair;
  auto receive = [&]() -> Task<absl::Status> {
    co_return (co_await pair.there.ReceiveSome(absl::MakeSpan(pair.buffer)))
        .status();
  };
  co_return co_await UntilItIsDone(pair.here.SendAll("data and"), receive);
}

Task<absl::Status> ClosedMangledSends() {
  Mangled pair;
  pair.here.Close();
  co_return co_await Refused(pair.here.SendAll("data"), IsClosedResource);
}

Task<absl::Status> MangledSendsTheEnd() {
  Mangled pair;
  co_return co_await AtOnce(pair.here.SendEof());
}

Task<absl::Status> ClosedMangledSendsTheEnd() {
  Mangled pair;
  pair.here.Close();
  co_return co_await Refused(pair.here.SendEof(), IsClosedResource);
}

Task<> HandleNone(TlsStream<TcpStream> /*stream*/) { co_return; }

Task<absl::Status> ConnectsToServer() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  auto connecting = ConnectTls(
      "127.0.0.1", listener.port(), TestClientContext(), ConnectOptions(),
      TlsOptions().set_dangerously_accept_any_name(true));
  auto serve = [&]() -> Task<absl::Status> {
    TcpStream stream = co_await Try(listener.Accept());
    auto shaking =
        TlsStream<TcpStream>::Server(std::move(stream), TestServerContext());
    const auto made = co_await std::move(shaking);
    co_return made.status();
  };
  co_return co_await UntilItIsDone(std::move(connecting), serve);
}

Task<absl::Status> ConnectsToNobody() {
  co_return co_await Refused(ConnectTls("", 443, TestClientContext()),
                             absl::IsInvalidArgument);
}

Task<absl::Status> ServesUntilItIsClosed() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  auto serve = [&]() -> Task<absl::Status> {
    auto serving = MoveOnAfter(
        absl::Seconds(1),
        ServeTls(std::move(listener), TestServerContext(), HandleNone));
    (co_await std::move(serving)).value_or(absl::OkStatus()).IgnoreError();
    co_return absl::OkStatus();
  };
  co_return co_await AtOnce(serve);
}

Task<absl::Status> ServesNobody() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  listener.Close();
  co_return co_await Refused(
      ServeTls(std::move(listener), TestServerContext(), HandleNone),
      IsClosedResource);
}

}  // namespace

std::vector<Awaitable> TlsAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"TlsStream::Client", kNeedsAPeer, ShakesHands, ClientOfAPeerThatIsGone},
      {"TlsStream::Server", kNeedsAPeer, ServerShakesHands,
       ServerOfAPeerThatIsGone},
      {"TlsStream::ReceiveSome", HasReceived, Receives, ClosedReceives},
      {"TlsStream::ReceiveExactly", HasReceivedAll, ReceivesAll,
       ClosedReceivesAll},
      {"TlsStream::SendAll", SendsALittle, SendsMuch, ClosedSends},
      {"TlsStream::SendEof", SendsTheEnd, SendsTheEndLater, ClosedSendsTheEnd},
      {"TlsStream::Shutdown", ShutsDown, ShutsDownLater, ClosedShutsDown},
      {"TlsStream::Unwrap", Unwraps, UnwrapsLater, ClosedUnwraps},
      {"ConnectTls", kNeedsAPeer, ConnectsToServer, ConnectsToNobody, kUsed},
      {"ServeTls", "it serves until it is cancelled", ServesUntilItIsClosed,
       ServesNobody, kUsed},
      {"TlsPair", Pairs, "it waits for nobody else",
       "its handshakes are refused, as those of TlsStream::Client"},
      {"MangledStream::ReceiveSome", MangledHasCome, MangledComes,
       ClosedMangledReceives},
      {"MangledStream::SendAll", MangledSends, MangledSendsMuch,
       ClosedMangledSends},
      {"MangledStream::SendEof", MangledSendsTheEnd, "it never waits",
       ClosedMangledSendsTheEnd},
  };
}

}  // namespace creche::awaitables
