// SPDX-License-Identifier: Apache-2.0

#include "examples/starttls.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/tls/tls_pair.h"
#include "gtest/gtest.h"

namespace {

using creche::MemoryStream;

CRECHE_TEST(StartTlsTest, TurnsToTlsAndBack) {
  auto [client_end, server_end] = creche::MemoryStreamPair();
  examples::LineServer<MemoryStream> server(creche::TestServerContext());
  absl::StatusOr<std::string> answers = absl::UnknownError("");
  auto serve = [&, end = &server_end]() -> creche::Task<> {
    auto serving = server.Serve(std::move(*end));
    const absl::Status status = co_await std::move(serving);
    EXPECT_EQ(status.message(), "the peer has ended");
  };
  auto talk = [&, end = &client_end]() -> creche::Task<> {
    auto talking = examples::TalkInBoth(
        std::move(*end), creche::TestClientContext(), "localhost");
    answers = co_await std::move(talking);
  };
  CO_ASSERT_OK(co_await creche::WhenAll(serve, talk));
  CO_ASSERT_OK(answers);
  EXPECT_EQ(*answers,
            "ok: hello, ok: STARTTLS, ok: secret, ok: STOPTLS, ok: goodbye");
}

}  // namespace
