// SPDX-License-Identifier: Apache-2.0
//
// BufferedReader: lines and records from a ByteStream, a pipe or a file.
//
//   creche::BufferedReader reader(stream);
//   std::string line = co_await creche::Try(reader.ReadLine());
//
// To send little by little, use BufferedWriter (io/buffered_writer.h).

#ifndef CRECHE_IO_BUFFERED_READER_H_
#define CRECHE_IO_BUFFERED_READER_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/io/internal/stream_name.h"

namespace creche {

// What was received and not asked for yet stays here: a call that was cancelled
// or timed out, or that failed, has taken nothing, and another call can begin
// where it began. One task at a time.
//
// Errors of all functions: those of the stream; and IsEndOfStream: it ended
//   before what was asked for had come (ReadSome() gives what is left).
template <ByteSource Stream>
class BufferedReader {
 public:
  // How long a line or record may be, by default.
  static constexpr size_t kDefaultMaxSize = size_t{1} << 20;

  // `stream` must outlive this.
  explicit BufferedReader(Stream& stream) : borrowed_(&stream) {}
  // Keeps `stream`.
  explicit BufferedReader(Stream&& stream) : owned_(std::move(stream)) {}

  // Where it reads from. What others receive there does not come here.
  Stream& stream() { return owned_.has_value() ? *owned_ : *borrowed_; }

  // Everything up to `delimiter`, which is taken from the stream and not
  // returned. Requires: `delimiter` is not empty.
  // Cancellation: safe.
  // Errors: kResourceExhausted: there is none in the next `max_size` bytes.
  Task<absl::StatusOr<std::string>> ReadUntil(
      std::string delimiter, size_t max_size = kDefaultMaxSize) {
    co_await internal::BudgetedCheckpoint();
    if (delimiter.empty()) {
      co_return absl::InvalidArgumentError(
          "BufferedReader: the delimiter is empty");
    }
    // Where a delimiter could begin that has not been looked for yet.
    for (size_t from = 0;;) {
      const size_t at = Find(delimiter, from);
      if (at != std::string::npos && at <= max_size) {
        std::string found(unread().substr(0, at));
        Drop(at + delimiter.size());
        co_return found;
      }
      // None can begin in time any more.
      if (unread().size() > max_size &&
          unread().size() - max_size >= delimiter.size()) {
        co_return absl::ResourceExhaustedError(
            absl::StrCat("BufferedReader", internal::OnStream(stream()),
                         ": no delimiter in the first ", max_size, " bytes"));
      }
      from = unread().size() - std::min(unread().size(), delimiter.size() - 1);
      absl::Status more = co_await ReceiveMore("the delimiter");
      if (!more.ok()) co_return more;
    }
  }

  // A line without its end, which is "\n" or "\r\n".
  // Cancellation: safe.
  // Errors: kResourceExhausted: it has more than `max_size` bytes.
  Task<absl::StatusOr<std::string>> ReadLine(
      size_t max_size = kDefaultMaxSize) {
    auto read = ReadUntil("\n", max_size);
    absl::StatusOr<std::string> line = co_await std::move(read);
    if (line.ok() && !line->empty() && line->back() == '\r') line->pop_back();
    co_return line;
  }

  // Exactly `size` bytes.
  // Cancellation: safe.
  Task<absl::StatusOr<std::string>> ReadExactly(size_t size) {
    co_await internal::BudgetedCheckpoint();
    while (unread().size() < size) {
      absl::Status more = co_await ReceiveMore("as many bytes as were wanted");
      if (!more.ok()) co_return more;
    }
    std::string found(unread().substr(0, size));
    Drop(size);
    co_return found;
  }

  // What there is, at least one byte and at most `max_size`; empty at the end
  // of the stream.
  // Cancellation: safe.
  Task<absl::StatusOr<std::string>> ReadSome(
      size_t max_size = kDefaultMaxSize) {
    co_await internal::BudgetedCheckpoint();
    if (unread().empty()) {
      absl::Status more = co_await ReceiveMore("anything");
      if (IsEndOfStream(more)) co_return std::string();
      if (!more.ok()) co_return more;
    }
    std::string found(unread().substr(0, max_size));
    Drop(found.size());
    co_return found;
  }

  // What was received and not taken.
  absl::string_view unread() const {
    return absl::string_view(buffer_).substr(begin_, end_ - begin_);
  }

 private:
  static constexpr size_t kMinRoom = 4096;

  size_t Find(absl::string_view delimiter, size_t from) const {
    return unread().find(delimiter, from);
  }

  void Drop(size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Amortized, a byte is moved a constant number of times.
  void MakeRoom() {
    if (buffer_.size() - end_ >= kMinRoom) return;
    if (begin_ > buffer_.size() / 2) {
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
                buffer_.begin());
      end_ -= std::exchange(begin_, 0);
    } else {
      buffer_.resize(std::max(4 * kMinRoom, 2 * buffer_.size()));
    }
  }

  Task<absl::Status> ReceiveMore(absl::string_view wanted) {
    MakeRoom();
    absl::StatusOr<size_t> size =
        co_await stream().ReceiveSome(absl::MakeSpan(buffer_).subspan(end_));
    if (!size.ok()) co_return std::move(size).status();
    if (*size == 0) {
      co_return EndOfStreamError(
          absl::StrCat("BufferedReader", internal::OnStream(stream()),
                       ": the stream ended before ", wanted, "; ",
                       unread().size(), " bytes are left"));
    }
    end_ += *size;
    co_return absl::OkStatus();
  }

  Stream* borrowed_ = nullptr;
  std::optional<Stream> owned_;
  std::string buffer_;  // What is unread is in [begin_, end_).
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace creche

#endif  // CRECHE_IO_BUFFERED_READER_H_
