// SPDX-License-Identifier: Apache-2.0
//
// ChatRoom, and guests that are slow, wrong, or hostile.

#include "examples/chat_room.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/status_matchers.h"
#include "examples/hostile_clients.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::TcpStream;
using creche::Try;
using ::testing::HasSubstr;

constexpr std::size_t kMaxGuests = 10;
constexpr std::size_t kMaxStrangers = 5;

template <typename Talk>
absl::Status RunRoom(Talk talk) {
  ChatRoom room(kMaxGuests, kMaxStrangers);
  auto serve = [&](creche::TcpListener listener) -> Task<absl::Status> {
    co_return co_await room.Serve(std::move(listener));
  };
  return RunServer(serve, talk);
}

// Reads until `text` has come.
Task<absl::Status> Await(TcpStream& stream, std::string text) {
  creche::BufferedReader reader(stream);
  (co_await creche::FailAfter(absl::Seconds(1), reader.ReadUntil(text)))
      .IgnoreError();
  co_return reader.unread().empty()
      ? absl::OkStatus()
      : absl::DataLossError(absl::StrCat("not ", text, ": ", reader.unread()));
}

// A guest who has come in.
Task<absl::StatusOr<TcpStream>> Enter(std::uint16_t port, std::string name) {
  TcpStream stream = co_await Try(Connect(port));
  co_await Try(stream.SendAll(name + "\n"));
  co_await Try(Await(stream, absl::StrCat("*: ", name, " has come\n")));
  co_return stream;
}

TEST(ChatRoomTest, PassesOnWhatIsSaid) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream ada = co_await Try(Enter(port, "ada"));
    TcpStream grace = co_await Try(Enter(port, "grace"));
    co_await Try(Await(ada, "*: grace has come\n"));
    co_await Try(ada.SendAll("hello\n"));
    co_await Try(Await(grace, "ada: hello\n"));
    grace.Close();
    co_await Try(Await(ada, "*: grace has gone\n"));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

TEST(ChatRoomTest, RefusesNamesThatCouldMislead) {
  const std::vector<std::string> wrong = {
      "", "*", "* ada", "ada: hello", "\x1b[2J", std::string(1000, 'x'),
  };
  auto talk = [&](std::uint16_t port) -> Task<absl::Status> {
    TcpStream ada = co_await Try(Enter(port, "ada"));
    for (const std::string& name : wrong) {
      const std::string all = co_await Try(Exchange(port, name + "\n"));
      EXPECT_FALSE(absl::StrContains(all, "has come")) << name;
    }
    const std::string again = co_await Try(Exchange(port, "ada\n"));
    EXPECT_THAT(again, HasSubstr("* somebody has that name\n"));
    TcpStream grace = co_await Try(Enter(port, "grace"));
    co_await Try(Await(ada, "*: grace has come\n"));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

TEST(ChatRoomTest, PassesNoControlCharactersOn) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream ada = co_await Try(Enter(port, "ada"));
    TcpStream grace = co_await Try(Enter(port, "grace"));
    co_await Try(ada.SendAll("\x1b[2J\tbye\n"));
    co_await Try(Await(grace, "ada: ?[2J\tbye\n"));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

TEST(ChatRoomTest, SilentClientsDelayNobody) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const std::vector<TcpStream> silent =
        co_await Try(ConnectMany(port, 3 * (kMaxGuests + kMaxStrangers)));
    const absl::Time start = creche::Now();
    TcpStream ada = co_await Try(Enter(port, "ada"));
    EXPECT_LT(creche::Now() - start, absl::Seconds(1));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

TEST(ChatRoomTest, LetsSlowStrangersGo) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    const absl::Duration patience =
        co_await Try(SendSlowly(port, std::string(100, 'x')));
    EXPECT_LT(patience, absl::Seconds(35));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

TEST(ChatRoomTest, IsFullAtSomePoint) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    std::vector<TcpStream> guests;
    for (std::size_t i = 0; i < kMaxGuests; ++i) {
      guests.push_back(co_await Try(Enter(port, absl::StrCat("guest ", i))));
    }
    const std::string refused = co_await Try(Exchange(port, "one more\n"));
    EXPECT_THAT(refused, HasSubstr("* the room is full\n"));
    guests.pop_back();
    TcpStream ada = co_await Try(Enter(port, "ada"));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

// Whoever reads nothing is let go; the others read everything meanwhile.
TEST(ChatRoomTest, GuestsThatReadNothingHoldNobodyUp) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream ada = co_await Try(Enter(port, "ada"));
    TcpStream grace = co_await Try(Enter(port, "grace"));
    TcpStream stuck = co_await Try(Enter(port, "stuck"));
    for (int i = 0; i < 20; ++i) {
      const std::string line =
          absl::StrCat(std::string(500, 'x'), " line ", i, "\n");
      co_await Try(ada.SendAll(line));
      co_await Try(Await(grace, line));
    }
    co_await creche::SleepFor(absl::Seconds(15));
    co_await Try(Await(grace, "*: stuck has gone\n"));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

TEST(ChatRoomTest, OutlivesGarbageAndClientsThatGoEarly) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream ada = co_await Try(Enter(port, "ada"));
    const std::vector<std::string> parts = {"",
                                            "gra",
                                            "grace\n",
                                            "grace\nhel",
                                            std::string("grace\n\0\xff\n", 9),
                                            "grace\n" + std::string(5000, 'x')};
    for (const std::string& part : parts) {
      co_await Try(SendAndLeave(port, part));
      co_await creche::SleepFor(absl::Seconds(1));
    }
    TcpStream grace = co_await Try(Enter(port, "grace"));
    co_await Try(grace.SendAll("hello\n"));
    co_await Try(Await(ada, "grace: hello\n"));
    co_return absl::OkStatus();
  };

  EXPECT_THAT(RunRoom(talk), IsOk());
}

}  // namespace
}  // namespace examples
