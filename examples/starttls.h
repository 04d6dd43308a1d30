// SPDX-License-Identifier: Apache-2.0
//
// A protocol of lines that turns to TLS in the middle of a connection, and back
// again: what SMTP, IMAP and others call STARTTLS.

#ifndef EXAMPLES_STARTTLS_H_
#define EXAMPLES_STARTTLS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"

namespace examples {

// Up to the '\n', and not a byte more: what follows may belong to TLS. (A
// reader with a buffer would take those bytes from it.) `ahead` has come
// before: behind the end of TLS, say.
template <typename Stream>
creche::Task<absl::StatusOr<std::string>> ReadLine(Stream& stream,
                                                   std::string& ahead) {
  std::string line;
  const size_t end = ahead.find('\n');
  if (end != std::string::npos) {
    line = ahead.substr(0, end);
    ahead.erase(0, end + 1);
    co_return line;
  }
  line.swap(ahead);
  for (;;) {
    char byte = 0;
    const size_t size =
        co_await creche::Try(stream.ReceiveSome(absl::MakeSpan(&byte, 1)));
    if (size == 0) co_return absl::UnavailableError("the peer has ended");
    if (byte == '\n') co_return line;
    line.push_back(byte);
  }
}

// Answers each line. "STARTTLS" begins TLS, and "STOPTLS" ends it.
template <typename Stream>
class LineServer {
 public:
  explicit LineServer(creche::TlsContext context)
      : context_(std::move(context)) {}

  // Until the client ends.
  creche::Task<absl::Status> Serve(Stream stream) {
    std::string ahead;
    for (;;) {
      co_await creche::Try(Answer(stream, ahead, "STARTTLS"));
      auto shaking =
          creche::TlsStream<Stream>::Server(std::move(stream), context_);
      creche::TlsStream<Stream> tls = co_await creche::Try(std::move(shaking));
      std::string nothing;
      co_await creche::Try(Answer(tls, nothing, "STOPTLS"));
      auto plain = co_await creche::Try(tls.Unwrap());
      stream = std::move(plain.first);
      ahead = std::move(plain.second);
    }
  }

 private:
  // Answers lines until this one has come and was answered.
  template <typename S>
  static creche::Task<absl::Status> Answer(S& stream, std::string& ahead,
                                           std::string last) {
    for (;;) {
      const std::string line = co_await creche::Try(ReadLine(stream, ahead));
      co_await creche::Try(stream.SendAll("ok: " + line + "\n"));
      if (line == last) co_return absl::OkStatus();
    }
  }

  const creche::TlsContext context_;
};

// A line, and its answer.
template <typename Stream>
creche::Task<absl::StatusOr<std::string>> Ask(Stream& stream,
                                              std::string line) {
  co_await creche::Try(stream.SendAll(line + "\n"));
  std::string nothing;
  co_return co_await ReadLine(stream, nothing);
}

// Says something in the clear, something by TLS, and again something in the
// clear. Gives the answers.
template <typename Stream>
creche::Task<absl::StatusOr<std::string>> TalkInBoth(Stream stream,
                                                     creche::TlsContext context,
                                                     std::string server_name) {
  std::string answers = co_await creche::Try(Ask(stream, "hello"));
  answers += ", " + co_await creche::Try(Ask(stream, "STARTTLS"));
  auto shaking = creche::TlsStream<Stream>::Client(
      std::move(stream), std::move(context), std::move(server_name));
  creche::TlsStream<Stream> tls = co_await creche::Try(std::move(shaking));
  answers += ", " + co_await creche::Try(Ask(tls, "secret"));
  answers += ", " + co_await creche::Try(Ask(tls, "STOPTLS"));
  auto plain = co_await creche::Try(tls.Unwrap());
  answers += ", " + co_await creche::Try(Ask(plain.first, "goodbye"));
  co_return answers;
}

}  // namespace examples

#endif  // EXAMPLES_STARTTLS_H_
