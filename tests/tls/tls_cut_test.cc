// SPDX-License-Identifier: Apache-2.0
//
// A transport that ends, or is changed, at every byte of a session: what was
// received is the beginning of what was sent, and an end is never taken for the
// end of that.

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/run.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/mangled_stream.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using MangledTls = TlsStream<MangledStream>;

// What the server sends: two records, and the notice of the end.
const std::string& Sent() {
  static const auto* const sent = new std::string(200, 's');
  return *sent;
}

// How a session went for the client, which asks, and receives up to the end.
struct Outcome {
  absl::Status client;
  absl::Status server;
  std::string received;
};

Task<absl::Status> Ask(MangledStream transport, TlsContext context,
                       TlsOptions options, std::string& received) {
  auto shaking = MangledTls::Client(std::move(transport), std::move(context),
                                    "localhost", options);
  MangledTls stream = co_await Try(std::move(shaking));
  co_await Try(stream.SendAll("?"));
  for (;;) {
    char buffer[64];
    const std::size_t size = co_await Try(stream.ReceiveSome(buffer));
    if (size == 0) co_return absl::OkStatus();
    received.append(buffer, size);
  }
}

Task<absl::Status> Answer(MangledStream transport) {
  auto shaking = MangledTls::Server(std::move(transport), TestServerContext());
  MangledTls stream = co_await Try(std::move(shaking));
  char buffer[1];
  co_await Try(stream.ReceiveExactly(buffer));
  co_await Try(stream.SendAll(Sent().substr(0, 100)));
  co_await Try(stream.SendAll(Sent().substr(100)));
  co_return co_await stream.SendEof();
}

// Without sessions: each handshake is a full one.
TlsContext MakeContext(TlsVersion version) {
  return TlsContext::ForClients(TestClientOptions()
                                    .set_minimum_version(version)
                                    .set_maximum_version(version)
                                    .set_session_cache(0))
      .value();
}

const TlsContext& ContextOf(TlsVersion version) {
  static const auto* const old =
      new TlsContext(MakeContext(TlsVersion::kTls1_2));
  static const auto* const now =
      new TlsContext(MakeContext(TlsVersion::kTls1_3));
  return version == TlsVersion::kTls1_2 ? *old : *now;
}

Task<Outcome> Session(TlsVersion version, Mangling of_client,
                      Mangling of_server, TlsOptions options) {
  auto [client_end, server_end] = MemoryStreamPair();
  const TlsContext& context = ContextOf(version);
  Outcome outcome;
  auto client = [&, end = &client_end]() -> Task<> {
    MangledStream mangled(AnyStream(std::move(*end)), of_client);
    auto asking = Ask(std::move(mangled), context, options, outcome.received);
    outcome.client = co_await std::move(asking);
  };
  auto server = [&, end = &server_end]() -> Task<> {
    MangledStream mangled(AnyStream(std::move(*end)), of_server);
    auto answering = Answer(std::move(mangled));
    outcome.server = co_await std::move(answering);
  };
  (co_await WhenAll(client, server)).IgnoreError();
  co_return outcome;
}

// Calls mangle(k) for each byte k of a session, until a session does not have
// so many, and check(outcome, k).
template <typename Mangle, typename Check>
Task<> AtEveryByte(Mangle run, Check check) {
  constexpr std::size_t kTooMany = 10000;
  for (std::size_t byte = 0; byte < kTooMany; ++byte) {
    auto running = run(byte);
    const Outcome outcome = co_await std::move(running);
    if (outcome.client.ok() && outcome.server.ok()) {
      // A handshake alone has some hundreds of bytes.
      EXPECT_GT(byte, 300U);
      co_return;
    }
    check(outcome, byte);
    if (::testing::Test::HasFailure()) co_return;
  }
  ADD_FAILURE() << "no session was long enough";
}

class TlsCutTest : public ::testing::TestWithParam<TlsVersion> {};

TEST_P(TlsCutTest, TheClientNeverTakesACutForTheEnd) {
  auto run = [](std::size_t byte) -> Task<Outcome> {
    auto session = Session(GetParam(), Mangling().set_cut_after(byte),
                           Mangling(), TlsOptions());
    co_return co_await std::move(session);
  };
  auto check = [](const Outcome& outcome, std::size_t byte) {
    EXPECT_TRUE(IsBrokenResource(outcome.client) ||
                absl::IsUnavailable(outcome.client))
        << "cut after " << byte << ": " << outcome.client;
    EXPECT_TRUE(absl::StartsWith(Sent(), outcome.received));
  };
  auto body = [&]() -> Task<> { co_await AtEveryByte(run, check); };
  internal::RunTestBody(__FILE__, __LINE__, body);
}

TEST_P(TlsCutTest, TheServerNeverTakesACutForTheEnd) {
  auto run = [](std::size_t byte) -> Task<Outcome> {
    auto session = Session(GetParam(), Mangling(),
                           Mangling().set_cut_after(byte), TlsOptions());
    co_return co_await std::move(session);
  };
  auto check = [](const Outcome& outcome, std::size_t byte) {
    EXPECT_TRUE(IsBrokenResource(outcome.server) ||
                absl::IsUnavailable(outcome.server))
        << "cut after " << byte << ": " << outcome.server;
    // The server has said nothing, and ends properly at most.
    EXPECT_EQ(outcome.received, "");
  };
  auto body = [&]() -> Task<> { co_await AtEveryByte(run, check); };
  internal::RunTestBody(__FILE__, __LINE__, body);
}

// Where an end without notice is one, it is one between records only.
TEST_P(TlsCutTest, AnEndIsAtTheEndOfARecord) {
  std::size_t ends = 0;
  auto run = [](std::size_t byte) -> Task<Outcome> {
    auto session =
        Session(GetParam(), Mangling().set_cut_after(byte), Mangling(),
                TlsOptions().set_end_without_notice(EndWithoutNotice::kIsEnd));
    co_return co_await std::move(session);
  };
  auto sweep = [&]() -> Task<> {
    for (std::size_t byte = 0;; ++byte) {
      auto running = run(byte);
      const Outcome outcome = co_await std::move(running);
      EXPECT_TRUE(absl::StartsWith(Sent(), outcome.received));
      if (!outcome.client.ok()) continue;
      EXPECT_EQ(outcome.received.size() % 100, 0U) << outcome.received.size();
      ++ends;
      if (outcome.received == Sent()) co_return;
    }
  };
  // The signature in a handshake has a byte or two more or less each time: a
  // sweep may pass the end of a record by.
  constexpr std::size_t kMostSweeps = 20;
  std::size_t sweeps = 0;
  while (ends <= sweeps && sweeps < kMostSweeps) {
    internal::RunTestBody(__FILE__, __LINE__, sweep);
    ++sweeps;
  }
  EXPECT_GT(ends, sweeps);  // Not only behind the last record.
}

// A bit that is changed is noticed, or does not matter.
TEST_P(TlsCutTest, ChangedBytesAreNoticed) {
  auto run = [](std::size_t byte) -> Task<Outcome> {
    auto session = Session(
        GetParam(), Mangling().set_flip_at(byte).set_seed(byte + 1), Mangling(),
        TlsOptions().set_handshake_timeout(absl::Seconds(5)));
    co_return co_await std::move(session);
  };
  auto body = [&]() -> Task<> {
    int noticed = 0;
    for (std::size_t byte = 0; byte < 1200; byte += 3) {
      auto running = run(byte);
      const Outcome outcome = co_await std::move(running);
      EXPECT_TRUE(absl::StartsWith(Sent(), outcome.received));
      if (outcome.client.ok()) {
        EXPECT_EQ(outcome.received, Sent()) << "changed at " << byte;
      } else {
        ++noticed;
      }
    }
    EXPECT_GT(noticed, 300);
  };
  internal::RunTestBody(__FILE__, __LINE__, body);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsCutTest,
                         ::testing::Values(TlsVersion::kTls1_2,
                                           TlsVersion::kTls1_3),
                         [](const auto& info) {
                           return info.param == TlsVersion::kTls1_2 ? "Tls12"
                                                                    : "Tls13";
                         });

}  // namespace
}  // namespace creche
