// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of curl/.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/function.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/curl/http_client.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kAlwaysAsks = "it waits for a server";

Task<absl::Status> Take(absl::string_view) { co_return absl::OkStatus(); }

// Takes one request, and answers it.
Task<absl::Status> AnswersOne(TcpListener& listener) {
  TcpStream stream = co_await Try(listener.Accept());
  char buffer[1000];
  co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
  co_return co_await stream.SendAll(
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
}

HttpRequest RequestTo(const TcpListener& listener) {
  return HttpRequest(
      absl::StrCat("http://", listener.local_address().ToString()));
}

Task<absl::Status> Fetches() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  HttpClient client;
  auto answer = [&]() -> Task<absl::Status> {
    co_return co_await AnswersOne(listener);
  };
  co_return co_await UntilItIsDone(client.Fetch(RequestTo(listener)), answer);
}

Task<absl::Status> FetchesInPieces() {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  HttpClient client;
  auto answer = [&]() -> Task<absl::Status> {
    co_return co_await AnswersOne(listener);
  };
  co_return co_await UntilItIsDone(
      client.FetchStream(RequestTo(listener), Take), answer);
}

Task<absl::Status> FetchesNoUrl() {
  HttpClient client;
  co_return co_await Refused(client.Fetch(HttpRequest("nonsense")),
                             absl::IsInvalidArgument);
}

Task<absl::Status> FetchesNoUrlInPieces() {
  HttpClient client;
  co_return co_await Refused(client.FetchStream(HttpRequest("nonsense"), Take),
                             absl::IsInvalidArgument);
}

}  // namespace

std::vector<Awaitable> CurlAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"HttpClient::Fetch", kAlwaysAsks, Fetches, FetchesNoUrl, kUsed},
      {"HttpClient::FetchStream", kAlwaysAsks, FetchesInPieces,
       FetchesNoUrlInPieces, kUsed},
  };
}

}  // namespace creche::awaitables
