// SPDX-License-Identifier: Apache-2.0
//
// AnsweringTasks: what the guests of these examples do. Nothing of it knows in
// whose loop it runs.

#ifndef EXAMPLES_GUESTS_ANSWERING_TASKS_H_
#define EXAMPLES_GUESTS_ANSWERING_TASKS_H_

#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace examples {

// Asks the server on `port` three times, with pauses.
inline creche::Task<absl::Status> AskThrice(std::uint16_t port) {
  creche::TcpStream stream =
      co_await creche::Try(creche::ConnectTcp("127.0.0.1", port));
  for (int i = 1; i <= 3; ++i) {
    const std::string question = absl::StrCat("question ", i);
    co_await creche::Try(stream.SendAll(question));
    std::string answer(question.size(), '\0');
    co_await creche::Try(stream.ReceiveExactly(absl::MakeSpan(answer)));
    std::cout << "task: " << answer << " came back" << std::endl;
    co_await creche::SleepFor(absl::Milliseconds(25));
  }
  co_return absl::OkStatus();
}

// A server that sends back what it receives, and a client of it.
inline creche::Task<absl::Status> AnsweringTasks() {
  auto answer = [](creche::TcpStream stream) -> creche::Task<> {
    char buffer[64];
    for (;;) {
      const auto size = co_await stream.ReceiveSome(buffer);
      if (size.value_or(0) == 0) co_return;
      if (!(co_await stream.SendAll({buffer, *size})).ok()) co_return;
    }
  };
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", 0));
  const std::uint16_t port = listener.port();
  // The end of the questions is the end of the server.
  auto [asked, served] = co_await creche::Race(
      AskThrice(port), creche::ServeTcp(std::move(listener), answer));
  co_return asked.has_value() ? *std::move(asked) : *std::move(served);
}

}  // namespace examples

#endif  // EXAMPLES_GUESTS_ANSWERING_TASKS_H_
