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
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"

namespace creche {

// What was written and not flushed when it is destroyed is not sent: a
// destructor cannot wait. One task at a time.
//
// Errors: those of the stream's SendAll().
template <ByteSender Stream>
class BufferedWriter {
 public:
  // `stream` must outlive this.
  explicit BufferedWriter(Stream& stream, size_t capacity = 16384)
      : stream_(&stream), capacity_(capacity) {}

  // Keeps `data`, until there are `capacity` bytes or more: then it sends all.
  // Cancellation: partial, as Flush().
  Task<absl::Status> Write(absl::string_view data) {
    unsent_.append(data.data(), data.size());
    if (unsent_.size() < capacity_) co_return absl::OkStatus();
    auto flush = Flush();
    co_return co_await std::move(flush);
  }

  // Sends what is left.
  // Cancellation: partial. The stream knows: see its SendAll(). What was not
  //   sent is dropped.
  Task<absl::Status> Flush() {
    if (unsent_.empty()) co_return absl::OkStatus();
    sending_.clear();
    sending_.swap(unsent_);
    co_return co_await stream_->SendAll(sending_);
  }

  // How much is left to be flushed.
  size_t unsent() const { return unsent_.size(); }

 private:
  Stream* stream_;
  const size_t capacity_;
  std::string unsent_;
  std::string sending_;
};

}  // namespace creche

#endif  // CRECHE_IO_BUFFERED_WRITER_H_
