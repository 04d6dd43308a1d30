// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of pipes, and of two of their ends as one stream.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/pipe.h"
#include "creche/io/stapled_stream.h"
#include "gtest/gtest.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kNeverWaits = "it never waits";

// More than a pipe holds, so that a send of it waits.
constexpr size_t kMuch = size_t{1} << 17;

struct Pipe {
  Pipe() : Pipe(MakePipe().value()) {}

  PipeReader reader;
  PipeWriter writer;
  char buffer[4] = {};

 private:
  explicit Pipe(std::pair<PipeReader, PipeWriter> ends)
      : reader(std::move(ends.first)), writer(std::move(ends.second)) {}
};

// Of both ends of one pipe.
StapledStream<PipeReader, PipeWriter> Staple() {
  auto ends = MakePipe().value();
  return StapledStream(std::move(ends.first), std::move(ends.second));
}

Task<absl::Status> StapledHasData() {
  auto stream = Staple();
  char buffer[4];
  co_await Try(stream.SendAll("data"));
  co_return co_await AtOnce(stream.ReceiveSome(buffer));
}

Task<absl::Status> StapledGetsData() {
  auto stream = Staple();
  char buffer[4];
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await stream.SendAll("data");
  };
  co_return co_await UntilItIsDone(stream.ReceiveSome(buffer), send);
}

Task<absl::Status> ClosedStapledReceives() {
  auto stream = Staple();
  stream.Close();
  char buffer[4];
  co_return co_await Refused(stream.ReceiveSome(buffer), IsClosedResource);
}

Task<absl::Status> StapledHasRoom() {
  auto stream = Staple();
  co_return co_await AtOnce(stream.SendAll("data"));
}

Task<absl::Status> ClosedStapledSends() {
  auto stream = Staple();
  stream.Close();
  co_return co_await Refused(stream.SendAll("data"), IsClosedResource);
}

Task<absl::Status> StapledSendsTheEnd() {
  auto stream = Staple();
  co_return co_await AtOnce(stream.SendEof());
}

Task<absl::Status> ClosedStapledSendsTheEnd() {
  auto stream = Staple();
  stream.Close();
  co_return co_await Refused(stream.SendEof(), IsClosedResource);
}

Task<absl::Status> PipeHasData() {
  Pipe pipe;
  co_await Try(pipe.writer.SendAll("data"));
  co_return co_await AtOnce(pipe.reader.ReceiveSome(pipe.buffer));
}

Task<absl::Status> PipeGetsData() {
  Pipe pipe;
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await pipe.writer.SendAll("data");
  };
  co_return co_await UntilItIsDone(pipe.reader.ReceiveSome(pipe.buffer), send);
}

Task<absl::Status> ClosedReaderReceives() {
  Pipe pipe;
  pipe.reader.Close();
  co_return co_await Refused(pipe.reader.ReceiveSome(pipe.buffer),
                             IsClosedResource);
}

Task<absl::Status> PipeHasRoom() {
  Pipe pipe;
  co_return co_await AtOnce(pipe.writer.SendAll("data"));
}

Task<absl::Status> PipeGetsRoom() {
  Pipe pipe;
  const std::string data(kMuch, 'x');
  auto receive = [&]() -> Task<absl::Status> {
    std::string received(kMuch, '\0');
    for (size_t left = kMuch; left > 0;) {
      const absl::StatusOr<size_t> size =
          co_await pipe.reader.ReceiveSome(absl::MakeSpan(received));
      if (!size.ok()) co_return size.status();
      left -= *size;
    }
    co_return absl::OkStatus();
  };
  co_return co_await UntilItIsDone(pipe.writer.SendAll(data), receive);
}

Task<absl::Status> ClosedWriterSends() {
  Pipe pipe;
  pipe.writer.Close();
  co_return co_await Refused(pipe.writer.SendAll("data"), IsClosedResource);
}

Task<absl::Status> WriterSendsTheEnd() {
  Pipe pipe;
  co_return co_await AtOnce(pipe.writer.SendEof());
}

Task<absl::Status> ClosedWriterSendsTheEnd() {
  Pipe pipe;
  pipe.writer.Close();
  co_return co_await Refused(pipe.writer.SendEof(), IsClosedResource);
}

}  // namespace

std::vector<Awaitable> PipeAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"PipeReader::ReceiveSome", PipeHasData, PipeGetsData,
       ClosedReaderReceives, kUsed},
      {"PipeWriter::SendAll", PipeHasRoom, PipeGetsRoom, ClosedWriterSends,
       kUsed},
      {"StapledStream::ReceiveSome", StapledHasData, StapledGetsData,
       ClosedStapledReceives, kUsed},
      {"StapledStream::SendAll", StapledHasRoom, "PipeWriter::SendAll shows it",
       ClosedStapledSends, kUsed},
      {"StapledStream::SendEof", StapledSendsTheEnd, kNeverWaits,
       ClosedStapledSendsTheEnd},
      {"PipeWriter::SendEof", WriterSendsTheEnd, kNeverWaits,
       ClosedWriterSendsTheEnd},
  };
}

}  // namespace creche::awaitables
