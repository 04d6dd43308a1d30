// SPDX-License-Identifier: Apache-2.0
//
// BufferedWriter: many small pieces, sent together.
//
//   creche::BufferedWriter writer(stream);
//   co_await creche::Try(writer.Write("HTTP/1.1 200 OK\r\n"));
//   co_await creche::Try(writer.Write("\r\n"));
//   co_await creche::Try(writer.Flush());

#ifndef CRECHE_IO_BUFFERED_WRITER_H_
#define CRECHE_IO_BUFFERED_WRITER_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/io/internal/stream_name.h"

namespace creche {

// What the peer receives is a prefix of what was written, whatever was
// cancelled or has failed. What was written stays here until it has been sent.
// A call that was cancelled or has failed may be repeated: either the stream
// has sent nothing, or it refuses to send from then on.
//
// What was written and not flushed when it is destroyed is not sent: a
// destructor cannot wait. One task at a time.
//
// Errors: those of the stream's SendAll(); and IsBusyResource: another task is
//   writing or flushing.
template <ByteSender Stream>
class BufferedWriter {
 public:
  // `stream` must outlive this.
  explicit BufferedWriter(Stream& stream, size_t capacity = 16384)
      : stream_(&stream), capacity_(capacity) {}

  // Keeps `data`, until there are `capacity` bytes or more: then it sends all.
  // Cancellation: partial while it sends, as Flush(). `data` is not kept.
  // Errors: after any, `data` is not kept either.
  Task<absl::Status> Write(absl::string_view data) {
    co_await internal::BudgetedCheckpoint();
    if (is_sending_) co_return Busy("Write");
    Appended appended(unsent_, data);
    if (unsent_.size() >= capacity_) {
      auto send = SendUnsent();
      absl::Status sent = co_await std::move(send);
      if (!sent.ok()) co_return sent;
    }
    appended.Keep();
    co_return absl::OkStatus();
  }

  // Sends what is left.
  // Cancellation: partial. What was written is kept. If the stream has sent a
  //   part, it knows, and further calls fail (IsBrokenResource).
  Task<absl::Status> Flush() {
    co_await internal::BudgetedCheckpoint();
    if (is_sending_) co_return Busy("Flush");
    if (unsent_.empty()) co_return absl::OkStatus();
    auto send = SendUnsent();
    co_return co_await std::move(send);
  }

  // How much is left to be flushed.
  size_t unsent() const { return unsent_.size(); }

 private:
  // What was appended to a string; taken back unless Keep() is called.
  class Appended {
   public:
    Appended(std::string& to, absl::string_view data)
        : to_(to), size_before_(to.size()) {
      to_.append(data.data(), data.size());
    }
    Appended(const Appended&) = delete;
    Appended& operator=(const Appended&) = delete;
    ~Appended() {
      if (!is_kept_) to_.resize(size_before_);
    }
    void Keep() { is_kept_ = true; }

   private:
    std::string& to_;
    const size_t size_before_;
    bool is_kept_ = false;
  };

  // Marks `unsent_` as being read by the stream: nobody may change it.
  class Sending {
   public:
    explicit Sending(bool& flag) : flag_(flag) { flag_ = true; }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() { flag_ = false; }

   private:
    bool& flag_;
  };

  absl::Status Busy(absl::string_view operation) const {
    return BusyResourceError(absl::StrCat(
        "BufferedWriter::", operation, "()", internal::OnStream(*stream_),
        ": another task is writing or flushing"));
  }

  // All of `unsent_`. Empties it only when the stream has sent everything:
  // of a call that was cut short, the stream has sent nothing or is broken.
  Task<absl::Status> SendUnsent() {
    Sending sending(is_sending_);
    absl::Status sent = co_await stream_->SendAll(unsent_);
    if (sent.ok()) unsent_.clear();
    co_return sent;
  }

  Stream* stream_;
  const size_t capacity_;
  std::string unsent_;
  bool is_sending_ = false;
};

}  // namespace creche

#endif  // CRECHE_IO_BUFFERED_WRITER_H_
