// SPDX-License-Identifier: Apache-2.0
//
// Asio has no way to keep a client's sessions, so nothing is resumed.

#include "tls.h"

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../tls.h"

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

using namespace asio::experimental::awaitable_operators;  // NOLINT
using Stream = ssl::stream<tcp::socket>;

class Network {
 public:
  explicit Network(asio::io_context& context)
      : context_(context),
        client_(ssl::context::tls_client),
        server_(ssl::context::tls_server),
        acceptor_(context, {asio::ip::address_v4::loopback(), 0}) {
    const std::string certificate = TlsCertificate();
    server_.use_certificate_chain(asio::buffer(certificate));
    server_.use_private_key(asio::buffer(std::string(TlsKey())),
                            ssl::context::pem);
    client_.add_certificate_authority(asio::buffer(certificate));
    client_.set_verify_mode(ssl::verify_peer);
  }

  // Leaves both ends in `client` and `server`.
  awaitable<void> Connect() {
    tcp::socket connecting(context_);
    co_await connecting.async_connect(acceptor_.local_endpoint(),
                                      use_awaitable);
    tcp::socket accepted = co_await acceptor_.async_accept(use_awaitable);
    connecting.set_option(tcp::no_delay(true));
    accepted.set_option(tcp::no_delay(true));
    client = std::make_unique<Stream>(std::move(connecting), client_);
    server = std::make_unique<Stream>(std::move(accepted), server_);
    SSL_set_tlsext_host_name(client->native_handle(), "localhost");
    client->set_verify_callback(ssl::host_name_verification("localhost"));
    co_await (client->async_handshake(Stream::client, use_awaitable) &&
              server->async_handshake(Stream::server, use_awaitable));
  }

  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;

 private:
  asio::io_context& context_;
  ssl::context client_;
  ssl::context server_;
  tcp::acceptor acceptor_;
};

// The processor time of each of the `count` operations of step(network).
double Measure(double count, std::function<awaitable<void>(Network&)> begin,
               std::function<awaitable<void>(Network&)> step) {
  asio::io_context context(1);
  Network network(context);
  double result = 0;
  auto main = [&]() -> awaitable<void> {
    co_await begin(network);
    co_await step(network);
    double operations = 0;
    double elapsed = 0;
    const double start = ProcessorSeconds();
    do {
      co_await step(network);
      operations += count;
      elapsed = ProcessorSeconds() - start;
    } while (elapsed < kMeasureSeconds);
    result = elapsed / operations * 1e9;
    context.stop();
  };
  asio::co_spawn(context, main(), asio::detached);
  context.run();
  return result;
}

awaitable<void> SendBack(Stream& stream, std::size_t size) {
  std::vector<char> message(size);
  for (;;) {
    co_await asio::async_read(stream, asio::buffer(message), use_awaitable);
    co_await asio::async_write(stream, asio::buffer(message), use_awaitable);
  }
}

double Echo(std::size_t size) {
  std::vector<char> message(size);
  auto begin = [&](Network& network) -> awaitable<void> {
    co_await network.Connect();
    asio::co_spawn(network.server->get_executor(),
                   SendBack(*network.server, size), asio::detached);
  };
  auto trips = [&](Network& network) -> awaitable<void> {
    for (int i = 0; i < kTlsTrips; ++i) {
      co_await asio::async_write(*network.client, asio::buffer(message),
                                 use_awaitable);
      co_await asio::async_read(*network.client, asio::buffer(message),
                                use_awaitable);
    }
  };
  return Measure(kTlsTrips, begin, trips);
}

awaitable<void> Send(Stream& stream, const std::vector<char>& data) {
  for (int i = 0; i < kTlsRecords; ++i) {
    co_await asio::async_write(stream, asio::buffer(data), use_awaitable);
  }
}

}  // namespace

double TlsEcho64() { return Echo(64); }
double TlsEcho16384() { return Echo(kTlsRecord); }

double TlsBulk() {
  const std::vector<char> data(kTlsRecord);
  std::vector<char> received(kTlsRecord);
  auto begin = [](Network& network) { return network.Connect(); };
  auto transfer = [&](Network& network) -> awaitable<void> {
    asio::co_spawn(network.client->get_executor(), Send(*network.client, data),
                   asio::detached);
    for (std::size_t left = std::size_t{kTlsRecords} * kTlsRecord; left > 0;) {
      left -= co_await network.server->async_read_some(asio::buffer(received),
                                                       use_awaitable);
    }
  };
  return Measure(kTlsRecords, begin, transfer);
}

double TlsFull() {
  auto begin = [](Network&) -> awaitable<void> { co_return; };
  auto connect = [](Network& network) -> awaitable<void> {
    for (int i = 0; i < kTlsConnections; ++i) {
      co_await network.Connect();
      char byte = 'x';
      co_await asio::async_write(*network.server, asio::buffer(&byte, 1),
                                 use_awaitable);
      co_await asio::async_read(*network.client, asio::buffer(&byte, 1),
                                use_awaitable);
      SSL_shutdown(network.client->native_handle());
      SSL_shutdown(network.server->native_handle());
    }
  };
  return Measure(kTlsConnections, begin, connect);
}
