// SPDX-License-Identifier: Apache-2.0
//
// ChatRoom: what one guest says, all others read.
//
//   examples::ChatRoom room;
//   co_return co_await room.Serve(std::move(listener));
//
// A guest that reads too slowly misses lines, is told so, and holds nobody up;
// one that does not read at all is let go. Clients that do not say who they are
// take no guest's place.

#ifndef EXAMPLES_CHAT_ROOM_H_
#define EXAMPLES_CHAT_ROOM_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/wait_limit.h"

namespace examples {

class ChatRoom {
 public:
  explicit ChatRoom(std::size_t max_guests = 1000,
                    std::size_t max_strangers = 100)
      : max_guests_(max_guests),
        max_connections_(max_guests + max_strangers + 1),
        strangers_(max_strangers, absl::Seconds(30)) {}

  // Until it is cancelled. Once a room.
  creche::Task<absl::Status> Serve(creche::TcpListener listener) {
    // What goes wrong with one client is not the others' business.
    auto serve_one = [this](creche::TcpStream stream) -> creche::Task<> {
      const absl::Status status = co_await Converse(stream);
      if (!status.ok()) std::cerr << status << std::endl;
    };
    co_return co_await creche::ServeTcp(
        std::move(listener), serve_one,
        creche::ServeOptions().set_max_connections(max_connections_));
  }

  // Terminals obey control characters, so guests must not send each other any.
  static std::string Printable(std::string text) {
    std::replace_if(text.begin(), text.end(), IsControl, '?');
    return text;
  }

  // A name is neither empty nor one that could be mistaken for the room ("*")
  // or for the beginning of what somebody says.
  static bool IsName(absl::string_view name) {
    return !name.empty() && name.front() != '*' &&
           std::none_of(name.begin(), name.end(),
                        [](char c) { return c == ':' || IsControl(c); });
  }

 private:
  static constexpr std::size_t kMaxName = 30;
  static constexpr std::size_t kMaxLine = 1000;
  static constexpr std::size_t kMaxLinesBehind = 100;
  static constexpr absl::Duration kSendTimeout = absl::Seconds(10);

  struct Line {
    std::string author;
    std::string text;
  };
  using Reader = creche::BufferedReader<creche::TcpStream>;

  static bool IsControl(char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t';
  }

  // Until the client goes, or breaks the rules.
  creche::Task<absl::Status> Converse(creche::TcpStream& stream) {
    Reader reader(stream);
    const std::string name =
        co_await creche::Try(strangers_.For(AskName(stream, reader)));
    const absl::string_view refusal = WhyNot(name);
    if (!refusal.empty()) co_return co_await Send(stream, std::string(refusal));
    guests_.insert(name);
    const absl::Cleanup leave = [&] {
      guests_.erase(name);
      Say("*", absl::StrCat(name, " has gone"));
    };
    auto both_ways =
        [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
      nursery.StartSoon(&ChatRoom::Listen, this, std::ref(stream), name,
                        lines_.Subscribe());
      Say("*", absl::StrCat(name, " has come"));
      co_await creche::Try(Talk(reader, name));
      nursery.Cancel("the client has gone");
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(both_ways);
  }

  static creche::Task<absl::StatusOr<std::string>> AskName(
      creche::TcpStream& stream, Reader& reader) {
    co_await creche::Try(stream.SendAll("* your name?\n"));
    co_return co_await reader.ReadLine(kMaxName);
  }

  // Why `name` may not come in; empty if it may.
  absl::string_view WhyNot(const std::string& name) const {
    if (!IsName(name)) return "* that is no name\n";
    if (guests_.count(name) != 0) return "* somebody has that name\n";
    if (guests_.size() == max_guests_) return "* the room is full\n";
    return "";
  }

  creche::Task<absl::Status> Talk(Reader& reader, std::string name) {
    for (;;) {
      absl::StatusOr<std::string> line = co_await reader.ReadLine(kMaxLine);
      if (creche::IsEndOfStream(line.status())) co_return absl::OkStatus();
      co_await creche::Try(line.status());
      Say(name, Printable(*std::move(line)));
    }
  }

  creche::Task<absl::Status> Listen(creche::TcpStream& stream, std::string name,
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
      co_await creche::Try(Send(stream, text));
    }
  }

  static creche::Task<absl::Status> Send(creche::TcpStream& stream,
                                         std::string text) {
    co_return co_await creche::FailAfter(kSendTimeout, stream.SendAll(text));
  }

  void Say(std::string author, std::string text) {
    Line line;
    line.author = std::move(author);
    line.text = std::move(text);
    lines_.Send(std::move(line)).IgnoreError();  // It is never closed.
  }

  const std::size_t max_guests_;
  const std::size_t max_connections_;
  WaitLimit strangers_;  // Who have not said their names yet.
  std::set<std::string> guests_;
  creche::Broadcast<Line> lines_{kMaxLinesBehind};
};

}  // namespace examples

#endif  // EXAMPLES_CHAT_ROOM_H_
