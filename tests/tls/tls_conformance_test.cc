// SPDX-License-Identifier: Apache-2.0
//
// A TLS stream does what every stream does.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/io/any_stream.h"
#include "creche/io/byte_stream.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/tls/mangled_stream.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

static_assert(ByteStream<TlsStream<MemoryStream>>);
static_assert(ByteStream<TlsStream<TcpStream>>);
static_assert(ByteStream<TlsStream<TlsStream<AnyStream>>>);
static_assert(HasTrySend<TlsStream<TcpStream>>);

const StreamTraits kTraits = StreamTraits().set_ends_need_notice(true);

template <typename Stream>
Task<std::pair<TlsStream<Stream>, TlsStream<Stream>>> Shake(
    Stream client, Stream server, TlsPairOptions options = TlsPairOptions()) {
  auto pair = TlsPair(std::move(client), std::move(server), options);
  auto made = co_await std::move(pair);
  co_return *std::move(made);
}

using MemoryTls = TlsStream<MemoryStream>;

Task<std::pair<MemoryTls, MemoryTls>> MemoryEnds() {
  auto [client, server] = MemoryStreamPair();
  auto shaking = Shake(std::move(client), std::move(server));
  co_return co_await std::move(shaking);
}

// With room for a record, and no more.
Task<std::pair<MemoryTls, MemoryTls>> SmallMemoryEnds() {
  auto [client, server] = MemoryStreamPair(/*capacity=*/20000);
  auto shaking = Shake(std::move(client), std::move(server));
  co_return co_await std::move(shaking);
}

TEST(TlsStreamTest, IsAByteStream) {
  CheckHalfCloseableStream(MemoryEnds, SmallMemoryEnds, kTraits);
}

TEST(TlsStreamTest, IsATwoWayStream) { CheckTwoWayStream(MemoryEnds, kTraits); }

TEST(TlsStreamTest, IsAByteStreamInTls12) {
  auto make = []() -> Task<std::pair<MemoryTls, MemoryTls>> {
    TlsPairOptions options;
    options.set_client_context(
        TlsContext::ForClients(
            TestClientOptions().set_maximum_version(TlsVersion::kTls1_2))
            .value());
    auto [client, server] = MemoryStreamPair();
    auto shaking = Shake(std::move(client), std::move(server), options);
    co_return co_await std::move(shaking);
  };
  CheckHalfCloseableStream(make, kTraits);
}

Task<std::pair<TlsStream<TcpStream>, TlsStream<TcpStream>>> TcpEnds() {
  TcpPair pair = co_await MakeTcpPair();
  auto shaking = Shake(std::move(pair.client), std::move(pair.server));
  co_return co_await std::move(shaking);
}

TEST(TlsStreamTest, IsAByteStreamOverTcp) {
  CheckHalfCloseableStream(TcpEnds, kTraits);
}

// TLS within TLS, over a stream whose kind is not known.
TEST(TlsStreamTest, IsAByteStreamOverItself) {
  auto make =
      []() -> Task<std::pair<TlsStream<AnyStream>, TlsStream<AnyStream>>> {
    auto [client, server] = co_await MemoryEnds();
    auto shaking =
        Shake(AnyStream(std::move(client)), AnyStream(std::move(server)));
    co_return co_await std::move(shaking);
  };
  CheckHalfCloseableStream(make, kTraits);
}

// However the bytes arrive.
TEST(TlsStreamTest, IsAByteStreamOverAMangledStream) {
  std::uint32_t seed = 0;
  auto mangle = [&](MemoryStream stream) {
    ++seed;
    return MangledStream(AnyStream(std::move(stream)),
                         Mangling()
                             .set_seed(seed)
                             .set_max_piece(200 + seed % 1000)
                             .set_max_delay(absl::Microseconds(seed % 3)));
  };
  auto make = [&]()
      -> Task<std::pair<TlsStream<MangledStream>, TlsStream<MangledStream>>> {
    auto [client, server] = MemoryStreamPair();
    auto shaking = Shake(mangle(std::move(client)), mangle(std::move(server)));
    co_return co_await std::move(shaking);
  };
  CheckHalfCloseableStream(make, kTraits);
}

}  // namespace
}  // namespace creche
