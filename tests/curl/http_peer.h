// SPDX-License-Identifier: Apache-2.0
//
// HttpPeer: a server that does to each connection whatever a test wants, and
// WithPeer(), which runs a body beside it. HttpHead(), Answer(): for those that
// do what they should.

#ifndef CRECHE_TESTS_CURL_HTTP_PEER_H_
#define CRECHE_TESTS_CURL_HTTP_PEER_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/function.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {

// What becomes of a connection; it is closed at the end.
using Serve = Function<absl::Status(TcpStream&)>;
// What is done beside the server, of which it knows "http://127.0.0.1:PORT".
using WithUrl = Function<absl::Status(std::string)>;

// The head of a request, without what may follow it.
inline Task<absl::StatusOr<std::string>> HttpHead(TcpStream& stream) {
  std::string head;
  char c;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const std::size_t size =
        co_await Try(stream.ReceiveSome(absl::MakeSpan(&c, 1)));
    if (size == 0) co_return absl::NotFoundError("no more requests");
    head.push_back(c);
  }
  co_return head;
}

// What the first line of a head asks for.
inline std::string PathIn(absl::string_view head) {
  const std::size_t begin = head.find(' ') + 1;
  return std::string(head.substr(begin, head.find(' ', begin) - begin));
}

inline std::string Answer(absl::string_view body, absl::string_view more = "",
                          absl::string_view status = "200 OK") {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(),
                      "\r\n", more, "\r\n", body);
}

// Answers every request on the connection with answer(head), a std::string.
template <typename MakeAnswer>
Serve Answering(MakeAnswer answer) {
  return [answer](TcpStream& stream) -> Task<absl::Status> {
    for (;;) {
      const std::string head = co_await Try(HttpHead(stream));
      const std::string text = answer(head);
      co_await Try(stream.SendAll(text));
    }
  };
}

inline Task<absl::Status> WithPeer(Serve serve, WithUrl body) {
  TcpListener listener =
      co_await Try(ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)));
  const std::string url =
      absl::StrCat("http://", listener.local_address().ToString());
  std::optional<TcpListener> open(std::move(listener));
  auto handle = [&](TcpStream stream) -> Task<> {
    (co_await serve(stream)).IgnoreError();
  };
  auto listen = [&]() -> Task<absl::Status> {
    co_return co_await ServeTcp(*std::move(open), handle);
  };
  auto both = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(listen);
    co_await Try(body(url));
    nursery.Cancel("the test is done");
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(both);
}

}  // namespace creche

#endif  // CRECHE_TESTS_CURL_HTTP_PEER_H_
