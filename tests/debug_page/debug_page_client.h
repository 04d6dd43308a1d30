// SPDX-License-Identifier: Apache-2.0
//
// Asking a debug page, from beside its server.

#ifndef CRECHE_TESTS_DEBUG_PAGE_DEBUG_PAGE_CLIENT_H_
#define CRECHE_TESTS_DEBUG_PAGE_DEBUG_PAGE_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/debug_page/serve_debug_page.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {

inline std::string Get(absl::string_view path,
                       absl::string_view host = "localhost") {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\n\r\n");
}

// Everything that comes until the server ends the connection.
inline Task<std::string> ReceiveAll(TcpStream& stream) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const absl::StatusOr<size_t> size = co_await stream.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) co_return all;
    all.append(buffer, *size);
  }
}

inline Task<absl::StatusOr<std::string>> Ask(std::uint16_t port,
                                             std::string text) {
  auto connecting = ConnectTcp("127.0.0.1", port);
  TcpStream stream = co_await Try(std::move(connecting));
  co_await Try(stream.SendAll(text));
  auto receiving = ReceiveAll(stream);
  co_return co_await std::move(receiving);
}

// Runs `talk(port)` beside the page's server.
template <typename Talk>
Task<absl::Status> ServeWhile(Talk talk) {
  auto listening = ListenTcp("127.0.0.1", 0);
  TcpListener listener = co_await Try(std::move(listening));
  const std::uint16_t port = listener.port();
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(ServeDebugPage, std::move(listener));
    auto talking = talk(port);
    co_await Try(std::move(talking));
    nursery.Cancel("all has been said");
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

// The same in virtual time. So much that is not read fits into the network.
template <typename Talk>
absl::Status RunWith(Talk talk, size_t window = size_t{4} << 20) {
  SimulatedNetwork network({.max_piece = 65536, .window = window});
  auto main = [&]() -> Task<absl::Status> {
    // The network sees that a descriptor was closed when something happens.
    auto tick = []() -> Task<> {
      for (;;) co_await SleepFor(absl::Milliseconds(100));
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(Named("ticker", tick));
      auto serving = ServeWhile(talk);
      co_await Try(std::move(serving));
      nursery.Cancel("all has been said");
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  return Run({.clock = &network.clock(), .port = &network.port()}, main);
}

// Asks for `requests`, one after the other, and gives the last answer.
inline std::string AnswerTo(std::vector<std::string> requests) {
  std::string answer;
  auto talk = [&](std::uint16_t port) -> Task<absl::Status> {
    for (const std::string& request : requests) {
      auto asking = Ask(port, request);
      answer = co_await Try(std::move(asking));
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunWith(talk), IsOk());
  return answer;
}

// What the page answers beside what start(nursery) has started.
template <typename Start>
std::string AnswerBeside(Start start, std::string request) {
  std::string answer;
  auto talk = [&](std::uint16_t port) -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      start(nursery);
      auto asking = Ask(port, request);
      answer = co_await Try(std::move(asking));
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunWith(talk), IsOk());
  return answer;
}

}  // namespace creche

#endif  // CRECHE_TESTS_DEBUG_PAGE_DEBUG_PAGE_CLIENT_H_
