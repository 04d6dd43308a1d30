// SPDX-License-Identifier: Apache-2.0

#include "benchmarks/peers/creche/tls.h"

#include <cstddef>
#include <iostream>
#include <string>
#include <utility>

#include "benchmarks/peers/tls.h"
#include "creche/creche.h"
#include "creche/testing/memory_stream.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"

namespace creche::benchmarks {
namespace {

using Stream = TlsStream<TcpStream>;
using StreamInMemory = TlsStream<MemoryStream>;

TlsContext ClientContext(std::size_t sessions) {
  return TlsContext::ForClients(TlsClientOptions()
                                    .set_trusted_pem(TlsCertificate())
                                    .set_session_cache(sessions))
      .value();
}

TlsContext ServerContext() {
  return TlsContext::ForServers(
             TlsServerOptions().set_certificate_pem(TlsCertificate(), TlsKey()))
      .value();
}

// A server's listener, and both contexts.
class Network {
 public:
  explicit Network(std::size_t sessions)
      : client_(ClientContext(sessions)),
        server_(ServerContext()),
        listener_(ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value()) {}

  // The client's end and the server's.
  Task<absl::StatusOr<std::pair<Stream, Stream>>> Connect() {
    auto connect = [&]() -> Task<absl::StatusOr<Stream>> {
      TcpStream transport = co_await Try(ConnectTcp(listener_.local_address()));
      co_return co_await Stream::Client(std::move(transport), client_,
                                        "localhost");
    };
    auto accept = [&]() -> Task<absl::StatusOr<Stream>> {
      TcpStream transport = co_await Try(listener_.Accept());
      co_return co_await Stream::Server(std::move(transport), server_);
    };
    auto both = co_await WhenAll(connect, accept);
    if (!both.ok()) co_return both.status();
    co_return std::pair<Stream, Stream>(std::get<0>(*std::move(both)),
                                        std::get<1>(*std::move(both)));
  }

 private:
  const TlsContext client_;
  const TlsContext server_;
  TcpListener listener_;
};

// The processor time of each of the `count` operations of step(), which
// returns a Task<absl::Status>.
template <typename Step>
Task<absl::StatusOr<double>> Measure(double count, Step step) {
  co_await Try(step());
  double operations = 0;
  double elapsed = 0;
  const double start = ProcessorSeconds();
  do {
    co_await Try(step());
    operations += count;
    elapsed = ProcessorSeconds() - start;
  } while (elapsed < kMeasureSeconds);
  co_return elapsed / operations * 1e9;
}

double RunToMeasure(Task<absl::StatusOr<double>> (*main)(std::size_t),
                    std::size_t argument) {
  const absl::StatusOr<double> result = creche::Run(main, argument);
  if (result.ok()) return *result;
  std::cerr << result.status() << "\n";
  return 0;
}

Task<absl::Status> SendBack(Stream& stream, std::size_t size) {
  std::string message(size, '\0');
  for (;;) {
    co_await Try(stream.ReceiveExactly(absl::MakeSpan(message)));
    co_await Try(stream.SendAll(message));
  }
}

Task<absl::StatusOr<double>> Echo(std::size_t size) {
  Network network(/*sessions=*/0);
  std::pair<Stream, Stream> ends = co_await Try(network.Connect());
  Stream& client = ends.first;
  std::string message(size, 'x');
  auto trips = [&]() -> Task<absl::Status> {
    for (int i = 0; i < kTlsTrips; ++i) {
      co_await Try(client.SendAll(message));
      co_await Try(client.ReceiveExactly(absl::MakeSpan(message)));
    }
    co_return absl::OkStatus();
  };
  absl::StatusOr<double> result;
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(SendBack, std::ref(ends.second), size);
    result = co_await Measure(kTlsTrips, trips);
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  co_await Try(WithNursery(body));
  co_return result;
}

template <typename AnyTls>
Task<absl::StatusOr<double>> SendMuch(AnyTls& from, AnyTls& to,
                                      std::size_t record) {
  const std::string data(record, 'x');
  std::string received(record, '\0');
  auto send = [&]() -> Task<absl::Status> {
    for (int i = 0; i < kTlsRecords; ++i) {
      co_await Try(from.SendAll(data));
    }
    co_return absl::OkStatus();
  };
  auto receive = [&]() -> Task<absl::Status> {
    for (std::size_t left = kTlsRecords * record; left > 0;) {
      left -= co_await Try(to.ReceiveSome(absl::MakeSpan(received)));
    }
    co_return absl::OkStatus();
  };
  auto both = [&]() -> Task<absl::Status> {
    co_await Try(WhenAll(send, receive));
    co_return absl::OkStatus();
  };
  co_return co_await Measure(kTlsRecords, both);
}

Task<absl::StatusOr<double>> SendOverTcp(std::size_t record) {
  Network network(/*sessions=*/0);
  std::pair<Stream, Stream> ends = co_await Try(network.Connect());
  co_return co_await SendMuch(ends.first, ends.second, record);
}

Task<absl::StatusOr<double>> SendInMemory(std::size_t record) {
  auto [client_end, server_end] = MemoryStreamPair(/*capacity=*/4 * record);
  auto client = StreamInMemory::Client(std::move(client_end), ClientContext(0),
                                       "localhost");
  auto server = StreamInMemory::Server(std::move(server_end), ServerContext());
  auto shaking = WhenAll(std::move(client), std::move(server));
  auto [from, to] = co_await Try(std::move(shaking));
  co_return co_await SendMuch(from, to, record);
}

Task<absl::StatusOr<double>> Handshakes(std::size_t sessions) {
  Network network(sessions);
  auto connect = [&]() -> Task<absl::Status> {
    for (int i = 0; i < kTlsConnections; ++i) {
      std::pair<Stream, Stream> ends = co_await Try(network.Connect());
      co_await Try(ends.second.SendAll("x"));
      char byte = 0;
      co_await Try(ends.first.ReceiveExactly(absl::MakeSpan(&byte, 1)));
    }
    co_return absl::OkStatus();
  };
  co_return co_await Measure(kTlsConnections, connect);
}

}  // namespace

double TlsEcho64() { return RunToMeasure(Echo, 64); }
double TlsEcho16384() { return RunToMeasure(Echo, kTlsRecord); }
double TlsBulk() { return RunToMeasure(SendOverTcp, kTlsRecord); }
double TlsSeal() { return RunToMeasure(SendInMemory, kTlsRecord); }
double TlsFull() { return RunToMeasure(Handshakes, 0); }
double TlsResumed() { return RunToMeasure(Handshakes, 1); }

}  // namespace creche::benchmarks
