// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/io/, compiled.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/io/copy_file.h"

namespace {

// any_stream.h

[[maybe_unused]] creche::Task<absl::Status> AnyStreamExample(
    creche::TcpStream tcp_stream) {
  creche::AnyStream stream(std::move(tcp_stream));
  co_await creche::Try(stream.SendAll("hello"));
  co_return absl::OkStatus();
}

// buffered_reader.h

[[maybe_unused]] creche::Task<absl::Status> BufferedReaderExample(
    creche::TcpStream& stream) {
  creche::BufferedReader reader(stream);
  std::string line = co_await creche::Try(reader.ReadLine());
  co_return absl::OkStatus();
}

// buffered_writer.h

[[maybe_unused]] creche::Task<absl::Status> BufferedWriterExample(
    creche::TcpStream& stream) {
  creche::BufferedWriter writer(stream);
  co_await creche::Try(writer.Write("HTTP/1.1 200 OK\r\n"));
  co_await creche::Try(writer.Write("\r\n"));
  co_await creche::Try(writer.Flush());
  co_return absl::OkStatus();
}

// byte_stream.h

template <creche::ByteStream Stream>
creche::Task<absl::Status> Greet(Stream& stream) {
  co_return co_await stream.SendAll("hello");
}

[[maybe_unused]] creche::Task<absl::Status> ByteStreamExample(
    creche::TcpStream& stream) {
  co_return co_await Greet(stream);
}

// copy_file.h

[[maybe_unused]] creche::Task<absl::Status> CopyFileExample() {
  std::uint64_t size =
      co_await creche::Try(creche::CopyFile("photo.jpg", "copy.jpg"));
  static_cast<void>(size);
  co_return absl::OkStatus();
}

// directory.h

[[maybe_unused]] creche::Task<absl::Status> DirectoryExample() {
  co_await creche::Try(creche::MakeDirectory("/run/example"));
  co_return absl::OkStatus();
}

// file.h

[[maybe_unused]] creche::Task<absl::Status> FileExample() {
  creche::File file = co_await creche::Try(
      creche::File::Open("/etc/hostname", creche::File::kRead));
  char buffer[256];
  size_t size = co_await creche::Try(file.Read(absl::MakeSpan(buffer)));
  static_cast<void>(size);
  co_return absl::OkStatus();
}

// pipe.h

[[maybe_unused]] creche::Task<absl::Status> PipeExample() {
  auto [reader, writer] = co_await creche::Try(creche::MakePipe());
  co_await creche::Try(writer.SendAll("hello"));
  co_return absl::OkStatus();
}

// pool.h

creche::Task<absl::Status> Ask(creche::TcpStream& stream) {
  co_return co_await stream.SendAll("?");
}

[[maybe_unused]] creche::Task<absl::Status> PoolExample() {
  auto connect = []() -> creche::Task<absl::StatusOr<creche::TcpStream>> {
    co_return co_await creche::ConnectTcp("localhost", 5432);
  };
  creche::Pool<creche::TcpStream> pool(connect, creche::PoolOptions());
  auto lease = co_await creche::Try(pool.Borrow());
  co_await creche::Try(Ask(*lease));
  lease.Return();
  co_return absl::OkStatus();
}

// read_write_file.h

[[maybe_unused]] creche::Task<absl::Status> ReadWriteFileExample() {
  std::string text = co_await creche::Try(creche::ReadFile("in.txt"));
  co_await creche::Try(creche::WriteFile("out.txt", text));
  co_return absl::OkStatus();
}

// standard_streams.h

[[maybe_unused]] creche::Task<absl::Status> StandardStreamsExample() {
  creche::PipeReader input = co_await creche::Try(creche::StandardInput());
  creche::BufferedReader reader(input);
  std::string line = co_await creche::Try(reader.ReadLine());
  co_return absl::OkStatus();
}

// stapled_stream.h

[[maybe_unused]] creche::Task<absl::Status> StapledStreamExample() {
  // The standard streams, for code that wants a ByteStream.
  creche::StapledStream stream(creche::PipeReader(STDIN_FILENO),
                               creche::PipeWriter(STDOUT_FILENO));
  co_await creche::Try(stream.SendAll("ready\n"));
  co_return absl::OkStatus();
}

}  // namespace
