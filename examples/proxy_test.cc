// SPDX-License-Identifier: Apache-2.0
//
// The proxy on a simulated network: whole answers, or none.

#include "examples/proxy.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/testing/testing.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::Nursery;
using creche::Task;
using creche::TcpStream;
using creche::Try;

const std::string kAnswer(100'000, 'a');

Task<absl::Status> AnswerWhole(TcpStream& stream) {
  char buffer[1];
  co_await Try(stream.ReceiveExactly(buffer));
  co_await Try(stream.SendAll(kAnswer));
  co_return co_await stream.SendEof();
}

Task<> Answer(TcpStream stream) {
  (co_await AnswerWhole(stream)).IgnoreError();
}

// Resets in the middle.
Task<> Break(TcpStream stream) {
  char buffer[1];
  (co_await stream.ReceiveExactly(buffer)).IgnoreError();
  (co_await stream.SendAll("aaa")).IgnoreError();
  co_await creche::SleepFor(absl::Seconds(1));
  stream.Abort();
}

// Never answers.
Task<> Stall(TcpStream stream) {
  char buffer[2];
  (co_await stream.ReceiveExactly(buffer)).IgnoreError();
}

// All up to the end, or the error in place of that.
Task<absl::StatusOr<std::string>> Ask(creche::SocketAddress proxy) {
  TcpStream stream = co_await Try(creche::ConnectTcp(proxy));
  co_await Try(stream.SendAll("?"));
  std::string answer;
  std::vector<char> buffer(4096);
  for (;;) {
    const size_t size =
        co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
    if (size == 0) co_return answer;
    answer.append(buffer.data(), size);
  }
}

// What a client gets of a proxy in front of one server that is down and one
// whose connections `handler` serves.
absl::StatusOr<std::string> AskProxy(Task<> (*handler)(TcpStream)) {
  creche::SimulatedNetwork network;
  creche::RunOptions options;
  options.clock = &network.clock();
  options.port = &network.port();
  auto main = [&]() -> Task<absl::StatusOr<std::string>> {
    creche::TcpListener backend =
        co_await Try(creche::ListenTcp("10.0.0.2", 80));
    creche::TcpListener front = co_await Try(creche::ListenTcp("10.0.0.1", 80));
    const creche::SocketAddress address = front.local_address();
    Proxy proxy({{"10.0.0.3", 80}, {"10.0.0.2", 80}}, ProxyLimits());
    absl::StatusOr<std::string> answer;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        auto serving = creche::ServeTcp(std::move(backend), handler);
        co_return co_await std::move(serving);
      });
      nursery.StartSoon([&]() -> Task<absl::Status> {
        auto serving = proxy.Serve(std::move(front));
        co_return co_await std::move(serving);
      });
      auto ask = Ask(address);
      answer = co_await std::move(ask);
      nursery.Cancel();
    };
    co_await Try(creche::WithNursery(body));
    co_return answer;
  };
  return creche::Run(std::move(options), main);
}

TEST(ProxyTest, AsksTheServerThatIsThere) {
  const absl::StatusOr<std::string> answer = AskProxy(Answer);
  ASSERT_THAT(answer, creche::IsOk());
  EXPECT_TRUE(*answer == kAnswer);
}

TEST(ProxyTest, AnAnswerThatIsCutOffIsAnError) {
  const absl::StatusOr<std::string> answer = AskProxy(Break);
  EXPECT_TRUE(creche::IsBrokenResource(answer.status())) << answer.status();
}

TEST(ProxyTest, ASilentServerIsAnError) {
  const absl::StatusOr<std::string> answer = AskProxy(Stall);
  EXPECT_TRUE(creche::IsBrokenResource(answer.status())) << answer.status();
}

}  // namespace
}  // namespace examples
