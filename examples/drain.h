// SPDX-License-Identifier: Apache-2.0
//
// ServeAndDrain: a ServeTcp() whose handlers learn that the server ends.
//
// Those that wait for another request leave at once; those that answer one have
// the grace of `options` to finish.

#ifndef EXAMPLES_DRAIN_H_
#define EXAMPLES_DRAIN_H_

#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "creche/creche.h"

namespace examples {

// Until it is cancelled; then sets `draining`, and waits for the handlers.
template <typename Handler>
creche::Task<absl::Status> ServeAndDrain(creche::TcpListener listener,
                                         Handler handler,
                                         creche::ServeOptions options,
                                         creche::Event& draining) {
  // The grace is none of this task's: it is cancelled at once.
  auto notice = [&]() -> creche::Task<> {
    const absl::Cleanup tell = [&] { draining.Set(); };
    co_await creche::SleepForever();
  };
  auto serve = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
    nursery.StartSoon(notice);
    auto serving = creche::ServeTcp(std::move(listener), std::move(handler),
                                    std::move(options));
    co_return co_await std::move(serving);
  };
  co_return co_await creche::WithNursery(serve);
}

inline creche::Task<absl::Status> SendText(creche::TcpStream& stream,
                                           std::string text) {
  co_return co_await stream.SendAll(text);
}

// After the last answer. To close a connection with bytes that nobody has read
// resets it, and the client may then lose that answer: so it may finish.
inline creche::Task<absl::Status> EndAnswers(creche::TcpStream& client) {
  co_await creche::Try(client.SendEof());
  char buffer[4096];
  while (co_await creche::Try(client.ReceiveSome(buffer)) > 0) continue;
  co_return absl::OkStatus();
}

}  // namespace examples

#endif  // EXAMPLES_DRAIN_H_
