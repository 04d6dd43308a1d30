// SPDX-License-Identifier: Apache-2.0
//
// TlsPair: two TLS streams that are connected with each other.
//
//   auto [client, server] = co_await creche::Try(creche::TlsPair());
//   co_await creche::Try(client.SendAll("hello"));

#ifndef CRECHE_TESTING_TLS_TLS_PAIR_H_
#define CRECHE_TESTING_TLS_TLS_PAIR_H_

#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/combinators.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/byte_stream.h"
#include "creche/testing/memory_stream.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_options.h"
#include "creche/tls/tls_stream.h"

namespace creche {

// Contexts that fit together, for the name "localhost": made once, of an
// authority that is made for them.
const TlsContext& TestClientContext();
const TlsContext& TestServerContext();

// What those are made of.
TlsClientOptions TestClientOptions();
TlsServerOptions TestServerOptions();

// What a TlsPair() is made of.
class TlsPairOptions {
 public:
  TlsPairOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // TestClientContext() and TestServerContext() by default.
  TlsPairOptions& set_client_context(TlsContext context) {
    client_context_ = std::move(context);
    return *this;
  }
  TlsPairOptions& set_server_context(TlsContext context) {
    server_context_ = std::move(context);
    return *this;
  }
  // Of both ends.
  TlsPairOptions& set_tls_options(TlsOptions options) {
    tls_options_ = options;
    return *this;
  }

  const TlsContext& client_context() const { return client_context_; }
  const TlsContext& server_context() const { return server_context_; }
  const TlsOptions& tls_options() const { return tls_options_; }

 private:
  TlsContext client_context_ = TestClientContext();
  TlsContext server_context_ = TestServerContext();
  TlsOptions tls_options_;
};

// The client's end and the server's, over two ends of anything.
// Cancellation: safe. Both ends are closed.
// Errors: as of TlsStream::Client() and Server().
template <ByteStream Stream>
Task<absl::StatusOr<std::pair<TlsStream<Stream>, TlsStream<Stream>>>> TlsPair(
    Stream client_end, Stream server_end,
    TlsPairOptions options = TlsPairOptions()) {
  auto client =
      TlsStream<Stream>::Client(std::move(client_end), options.client_context(),
                                "localhost", options.tls_options());
  auto server = TlsStream<Stream>::Server(
      std::move(server_end), options.server_context(), options.tls_options());
  auto both = WhenAll(std::move(client), std::move(server));
  auto ends = co_await std::move(both);
  if (!ends.ok()) co_return ends.status();
  co_return std::pair<TlsStream<Stream>, TlsStream<Stream>>(
      std::get<0>(*std::move(ends)), std::get<1>(*std::move(ends)));
}

// The same, over a MemoryStreamPair().
// Cancellation: safe. Both ends are closed.
Task<
    absl::StatusOr<std::pair<TlsStream<MemoryStream>, TlsStream<MemoryStream>>>>
TlsPair(TlsPairOptions options = TlsPairOptions());

}  // namespace creche

#endif  // CRECHE_TESTING_TLS_TLS_PAIR_H_
