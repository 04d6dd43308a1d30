// SPDX-License-Identifier: Apache-2.0
//
// StapledStream: something to receive from and something to send to, as one
// stream.
//
//   // The standard streams, for code that wants a ByteStream.
//   creche::StapledStream stream(creche::PipeReader(STDIN_FILENO),
//                                creche::PipeWriter(STDOUT_FILENO));
//   co_await creche::Try(stream.SendAll("ready\n"));

#ifndef CRECHE_IO_STAPLED_STREAM_H_
#define CRECHE_IO_STAPLED_STREAM_H_

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"

namespace creche {

// A ByteStream that owns both: the two pipes of a child process, say. Errors
// and the rest are those of the one that does the work.
template <ByteReceiver Receiver, ByteSender Sender>
class StapledStream {
 public:
  // Takes over both.
  StapledStream(Receiver receiver, Sender sender)
      : receiver_(std::move(receiver)), sender_(std::move(sender)) {}

  // What it consists of.
  Receiver& receiver() { return receiver_; }
  Sender& sender() { return sender_; }

  // As of ByteStream.
  // Cancellation: as of the receiver or sender.
  CRECHE_CORO_WRAPPER auto ReceiveSome(absl::Span<char> buffer) {
    return receiver_.ReceiveSome(buffer);
  }
  CRECHE_CORO_WRAPPER auto SendAll(absl::string_view data) {
    return sender_.SendAll(data);
  }

  // The sender's SendEof(), or, if it has none, its Close().
  // Cancellation: as of the sender; safe if it has no SendEof().
  CRECHE_CORO_WRAPPER auto SendEof() {
    if constexpr (requires { sender_.SendEof(); }) {
      return sender_.SendEof();
    } else {
      return CloseSender();
    }
  }

  // As HasTrySend says.
  std::size_t TrySend(absl::string_view data)
    requires HasTrySend<Sender>
  {
    return sender_.TrySend(data);
  }

  // Closes both.
  void Close() {
    receiver_.Close();
    sender_.Close();
  }

 private:
  Task<absl::Status> CloseSender() {
    co_await internal::BudgetedCheckpoint();
    sender_.Close();
    co_return absl::OkStatus();
  }

  Receiver receiver_;
  Sender sender_;
};

}  // namespace creche

#endif  // CRECHE_IO_STAPLED_STREAM_H_
