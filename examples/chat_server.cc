// SPDX-License-Identifier: Apache-2.0
//
// A chat room: what one says, all others read. A client that reads too slowly
// misses lines, is told so, and holds nobody up; one that does not read at all
// is let go; Ctrl-C ends everything.
//
//   bazel run //examples:chat_server -- 7777
//   nc 127.0.0.1 7777          (the first line is your name)

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::Nursery;
using creche::Task;
using creche::Try;

constexpr size_t kMaxLine = 1000;
constexpr size_t kMaxLinesBehind = 100;
constexpr absl::Duration kSendTimeout = absl::Seconds(10);

struct Line {
  std::string author;
  std::string text;
};
using Room = creche::Broadcast<Line>;

Task<absl::Status> Listen(creche::TcpStream& stream, std::string name,
                          creche::Subscription<Line> lines) {
  for (;;) {
    absl::StatusOr<Line> line = co_await lines.Receive();
    if (creche::IsEndOfStream(line.status())) co_return absl::OkStatus();
    std::string text;
    if (!line.ok()) {
      text = "* you are slow, and have missed something\n";
    } else if (line->author != name) {
      text = absl::StrCat(line->author, ": ", line->text, "\n");
    }
    co_await Try(creche::FailAfter(kSendTimeout, stream.SendAll(text)));
  }
}

void Say(Room& room, std::string author, std::string text) {
  Line line;
  line.author = std::move(author);
  line.text = std::move(text);
  room.Send(std::move(line)).IgnoreError();  // It is never closed.
}

// Until the client goes, or breaks the rules.
Task<absl::Status> Converse(creche::TcpStream& stream, Room& room) {
  creche::BufferedReader reader(stream);
  co_await Try(stream.SendAll("* your name?\n"));
  const std::string name = co_await Try(reader.ReadLine(kMaxLine));
  auto both_ways = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(Listen, std::ref(stream), name, room.Subscribe());
    Say(room, "*", absl::StrCat(name, " has come"));
    for (;;) {
      absl::StatusOr<std::string> line = co_await reader.ReadLine(kMaxLine);
      if (creche::IsEndOfStream(line.status())) break;
      co_await Try(line.status());
      Say(room, name, *std::move(line));
    }
    nursery.Cancel("the client has gone");
    co_return absl::OkStatus();
  };
  const absl::Status status = co_await creche::WithNursery(both_ways);
  Say(room, "*", absl::StrCat(name, " has gone"));
  co_return status;
}

Task<absl::Status> Main(std::uint16_t port) {
  Room room(kMaxLinesBehind);
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address() << std::endl;
  // What goes wrong with one client is not the others' business.
  auto serve = [&](creche::TcpStream stream) -> Task<> {
    const absl::Status status = co_await Converse(stream, room);
    if (!status.ok()) std::cerr << status << std::endl;
  };
  auto limits = creche::ServeOptions().set_max_connections(1000);
  co_return co_await creche::ServeTcp(std::move(listener), serve, limits);
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 7777;
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, static_cast<std::uint16_t>(port));
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
