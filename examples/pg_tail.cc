// SPDX-License-Identifier: Apache-2.0
//
// Prints what NOTIFY sends to a channel, and connects again when the server
// goes away: a subscription that lasts. Ctrl-C stops it; what the server has
// sent by then is printed first.
//
//   bazel run //examples:pg_tail -- "host=localhost dbname=shop" orders
//
// What is sent while it is not connected is not seen: PostgreSQL keeps nothing.
// A server whose machine dies says nothing of it; with keepalives_idle=30 in
// the first argument that is noticed after a minute or so.

#include <algorithm>
#include <csignal>
#include <iostream>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/postgres/postgres_connection.h"

namespace {

using creche::PostgresConnection;
using creche::PostgresNotification;
using creche::Receiver;
using creche::Task;
using creche::Try;

constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kDrainTimeout = absl::Seconds(1);

// The pauses between tries: each up to twice as long as the one before, until
// a connection holds. They are random, so that many programs that have lost
// their server together do not come back together.
class Backoff {
 public:
  void Reset() { longest_ = kFirst; }

  absl::Duration Next() {
    const absl::Duration pause = longest_ * fraction_(random_);
    longest_ = std::min(2 * longest_, kMost);
    return pause;
  }

 private:
  static constexpr absl::Duration kFirst = absl::Milliseconds(100);
  static constexpr absl::Duration kMost = absl::Seconds(10);

  absl::Duration longest_ = kFirst;
  std::mt19937 random_{std::random_device()()};
  std::uniform_real_distribution<double> fraction_{0.5, 1.0};
};

void Print(const PostgresNotification& news) {
  std::cout << news.channel << ": " << news.payload << std::endl;
}

// The answer comes behind all that was notified before.
Task<> PrintWhatHasCome(PostgresConnection& db,
                        Receiver<PostgresNotification>& receiver) {
  (co_await db.Execute("UNLISTEN *")).status().IgnoreError();
  for (;;) {
    const auto news = receiver.TryReceive();
    if (!news.ok()) co_return;
    Print(*news);
  }
}

// Until the connection is lost.
Task<absl::Status> Tail(std::string conninfo, std::string channel,
                        Backoff& backoff) {
  auto connecting =
      creche::FailAfter(kConnectTimeout, PostgresConnection::Connect(conninfo));
  PostgresConnection db = co_await Try(std::move(connecting));
  auto receiver = co_await Try(db.Listen(channel));
  std::cout << "listening to " << channel << std::endl;
  backoff.Reset();
  auto print = [&]() -> Task<absl::Status> {
    while (const auto news = co_await receiver.Receive()) Print(*news);
    co_return absl::UnavailableError("the connection is lost");
  };
  auto drain = [&]() -> Task<> { co_await PrintWhatHasCome(db, receiver); };
  co_return co_await creche::WithCleanup(print, drain, kDrainTimeout);
}

// Whether another try may end otherwise.
bool MayPass(const absl::Status& error) {
  return absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error) ||
         absl::IsResourceExhausted(error) || creche::IsBrokenResource(error);
}

Task<absl::Status> Main(std::string conninfo, std::string channel) {
  Backoff backoff;
  for (;;) {
    const absl::Status end = co_await Tail(conninfo, channel, backoff);
    if (!MayPass(end)) co_return end;
    std::cerr << end << std::endl;
    co_await creche::SleepFor(backoff.Next());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: pg_tail CONNINFO CHANNEL" << std::endl;
    return 2;
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status = creche::Run(options, Main, argv[1], argv[2]);
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
