// SPDX-License-Identifier: Apache-2.0

#include "tests/tls/fuzz/session.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/run.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/tls/mangled_stream.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"

namespace creche {
namespace {

using MangledTls = TlsStream<MangledStream>;

// Takes numbers from the beginning of the input; 0 when it is used up.
class Numbers {
 public:
  explicit Numbers(absl::string_view input) : left_(input) {}

  unsigned Byte() {
    if (left_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }
  unsigned Word() {
    const unsigned high = Byte();
    return high << 8 | Byte();
  }
  absl::string_view left() const { return left_; }

 private:
  absl::string_view left_;
};

// 0 leaves everything as it is.
Mangling NextMangling(Numbers& numbers) {
  Mangling mangling;
  if (const unsigned piece = numbers.Byte()) mangling.set_max_piece(piece);
  mangling.set_seed(numbers.Byte());
  mangling.set_max_delay(absl::Microseconds(numbers.Byte() % 4));
  // Few bytes are far from the beginning of a session.
  constexpr unsigned kSession = 4096;
  if (const unsigned cut = numbers.Word()) {
    mangling.set_cut_after(cut % kSession);
  }
  const bool flips = numbers.Byte() % 2 == 1;
  const unsigned flip_at = numbers.Byte() * 8U;
  if (flips) mangling.set_flip_at(flip_at);
  return mangling;
}

bool ChangesNothing(const Mangling& mangling) {
  return mangling.cut_after() == Mangling::kNever &&
         mangling.flip_at() == Mangling::kNever;
}

// Larger than a record, in one direction; small in the other.
const std::string& Question() {
  static const auto* const question = new std::string(20000, 'q');
  return *question;
}
const std::string& Answer() {
  static const auto* const answer = new std::string("answer");
  return *answer;
}

struct Side {
  absl::Status status;
  std::string received;
};

// Sends `data`, and receives up to the end.
Task<absl::Status> Talk(MangledTls& stream, absl::string_view data,
                        std::string& received) {
  auto send = [&]() -> Task<absl::Status> {
    co_await Try(stream.SendAll(data));
    co_return co_await stream.SendEof();
  };
  auto receive = [&]() -> Task<absl::Status> {
    for (;;) {
      char buffer[1000];
      const std::size_t size = co_await Try(stream.ReceiveSome(buffer));
      if (size == 0) co_return absl::OkStatus();
      received.append(buffer, size);
    }
  };
  co_await Try(WhenAll(send, receive));
  co_return co_await stream.Shutdown();
}

TlsOptions Impatient() {
  return TlsOptions().set_handshake_timeout(absl::Seconds(1));
}

// With each version a context, which has no sessions: each handshake is whole.
const TlsContext& ClientContext(bool is_new) {
  auto make = [](TlsVersion version) {
    return new TlsContext(
        TlsContext::ForClients(TestClientOptions()
                                   .set_minimum_version(version)
                                   .set_maximum_version(version)
                                   .set_session_cache(0))
            .value());
  };
  static const auto* const old_one = make(TlsVersion::kTls1_2);
  static const auto* const new_one = make(TlsVersion::kTls1_3);
  return is_new ? *new_one : *old_one;
}

Task<absl::Status> BeClient(MangledStream transport, bool is_new, Side& side) {
  auto shaking = MangledTls::Client(std::move(transport), ClientContext(is_new),
                                    "localhost", Impatient());
  MangledTls stream = co_await Try(std::move(shaking));
  co_return co_await Talk(stream, Question(), side.received);
}

Task<absl::Status> BeServer(MangledStream transport, Side& side) {
  auto shaking = MangledTls::Server(std::move(transport), TestServerContext(),
                                    Impatient());
  MangledTls stream = co_await Try(std::move(shaking));
  co_return co_await Talk(stream, Answer(), side.received);
}

// Sends `bytes`, whatever the other side says, and ends.
Task<absl::Status> Babble(MemoryStream stream, absl::string_view bytes) {
  co_await Try(stream.SendAll(bytes));
  co_await Try(stream.SendEof());
  for (;;) {
    char buffer[1000];
    if (co_await Try(stream.ReceiveSome(buffer)) == 0) break;
  }
  co_return absl::OkStatus();
}

std::string ProblemOf(const Side& side, absl::string_view sent,
                      absl::string_view who) {
  if (!absl::StartsWith(sent, side.received)) {
    return absl::StrCat(who, " has received what nobody has sent");
  }
  if (side.status.ok() && side.received.size() != sent.size()) {
    return absl::StrCat(who, " has taken a cut for the end, after ",
                        side.received.size(), " bytes");
  }
  return "";
}

Task<std::string> TalkToEachOther(bool is_new, Mangling of_client,
                                  Mangling of_server) {
  auto ends = MemoryStreamPair();
  Side client;
  Side server;
  auto be_client = [&]() -> Task<> {
    MangledStream mangled(AnyStream(std::move(ends.first)), of_client);
    auto talking = BeClient(std::move(mangled), is_new, client);
    client.status = co_await std::move(talking);
  };
  auto be_server = [&]() -> Task<> {
    MangledStream mangled(AnyStream(std::move(ends.second)), of_server);
    auto talking = BeServer(std::move(mangled), server);
    server.status = co_await std::move(talking);
  };
  (co_await WhenAll(be_client, be_server)).IgnoreError();
  std::string problem = ProblemOf(client, Answer(), "the client");
  if (problem.empty()) problem = ProblemOf(server, Question(), "the server");
  const bool must_work = ChangesNothing(of_client) && ChangesNothing(of_server);
  if (problem.empty() && must_work &&
      !(client.status.ok() && server.status.ok())) {
    problem = absl::StrCat("client: ", client.status.ToString(),
                           ", server: ", server.status.ToString());
  }
  co_return problem;
}

Task<std::string> TalkToABabbler(bool is_new, bool is_client, Mangling mangling,
                                 absl::string_view bytes) {
  auto ends = MemoryStreamPair();
  Side side;
  auto talk = [&]() -> Task<> {
    MangledStream mangled(AnyStream(std::move(ends.first)), mangling);
    auto talking = is_client ? BeClient(std::move(mangled), is_new, side)
                             : BeServer(std::move(mangled), side);
    side.status = co_await std::move(talking);
  };
  (co_await WhenAll(talk, Babble(std::move(ends.second), bytes))).IgnoreError();
  // Nobody can guess the other side's keys.
  co_return side.status.ok() ? "a handshake with a babbler" : "";
}

}  // namespace

std::string ProblemWithSession(absl::string_view input) {
  Numbers numbers(input);
  const unsigned kind = numbers.Byte();
  const bool is_new = kind % 2 == 0;
  const bool is_client = kind / 2 % 2 == 0;
  const Mangling of_client = NextMangling(numbers);
  const Mangling of_server = NextMangling(numbers);
  const absl::string_view bytes = numbers.left();
  MockClock clock;
  std::string problem;
  auto main = [&]() -> Task<> {
    auto talking = bytes.empty()
                       ? TalkToEachOther(is_new, of_client, of_server)
                       : TalkToABabbler(is_new, is_client, of_client, bytes);
    problem = co_await std::move(talking);
  };
  const absl::Status status = creche::Run({.clock = &clock}, main);
  return status.ok() ? problem : status.ToString();
}

}  // namespace creche
