// SPDX-License-Identifier: Apache-2.0
//
// A request to a server and its answer, over a connection that is kept. The
// servers are those of benchmarks/beside/servers, which says where they are.

#include <curl/curl.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "benchmark/benchmark.h"
#include "benchmarks/in_run.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "creche/curl/http_request.h"
#include "creche/postgres/postgres_connection.h"

namespace creche::benchmarks {
namespace {

// What `variable` of the environment says; empty, with an error: nothing.
std::string Server(benchmark::State& state, const char* variable) {
  const char* const value = std::getenv(variable);
  if (value != nullptr) return value;
  state.SkipWithError("no server: see ./dev bench beside");
  return "";
}

// The body that the server has for everybody.
constexpr size_t kBodySize = 100;

void BM_HttpCreche(benchmark::State& state) {
  const std::string url = Server(state, "BESIDE_URL");
  if (url.empty()) return;
  InRun(state, [&]() -> Task<absl::Status> {
    HttpClient client;
    for (auto _ : state) {
      const HttpResponse response =
          co_await Try(client.Fetch(HttpRequest(url)));
      if (response.body.size() != kBodySize) state.SkipWithError("no body");
    }
    co_return absl::OkStatus();
  });
}
BENCHMARK(BM_HttpCreche)->Name("http/creche")->UseRealTime();

size_t AppendBody(char* data, size_t /*one*/, size_t size, void* body) {
  static_cast<std::string*>(body)->append(data, size);
  return size;
}

CURL* NewRequest(const std::string& url, std::string& body) {
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  // The same request as HttpClient's.
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &AppendBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  return easy;
}

// libcurl waits itself.
void BM_HttpBlocking(benchmark::State& state) {
  const std::string url = Server(state, "BESIDE_URL");
  if (url.empty()) return;
  CURLM* const multi = curl_multi_init();
  for (auto _ : state) {
    std::string body;
    CURL* const easy = NewRequest(url, body);
    curl_multi_add_handle(multi, easy);
    int running = 1;
    while (running > 0) {
      curl_multi_perform(multi, &running);
      if (running > 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
    }
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    if (body.size() != kBodySize) state.SkipWithError("no body");
  }
  curl_multi_cleanup(multi);
}
BENCHMARK(BM_HttpBlocking)->Name("http/blocking")->UseRealTime();

// A loop on epoll that libcurl tells which sockets and how long to wait for.
class CurlLoop {
 public:
  CurlLoop() {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  }
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;
  ~CurlLoop() {
    curl_multi_cleanup(multi_);
    close(events_);
  }

  void Perform(CURL* easy) {
    curl_multi_add_handle(multi_, easy);
    int running = 1;
    while (running > 0) {
      epoll_event event;
      const int count =
          timeout_ == 0 ? 0 : epoll_wait(events_, &event, 1, timeout_);
      if (count == 0) timeout_ = -1;
      curl_multi_socket_action(
          multi_, count > 0 ? event.data.fd : CURL_SOCKET_TIMEOUT, 0, &running);
    }
    curl_multi_remove_handle(multi_, easy);
  }

 private:
  // What the set has already, libcurl knows by `is_watched`.
  static int OnSocket(CURL* /*easy*/, curl_socket_t socket, int what,
                      void* self, void* is_watched) {
    CurlLoop& loop = *static_cast<CurlLoop*>(self);
    epoll_event event = {};
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) |
                   (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
    event.data.fd = socket;
    const int action = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
                       : is_watched != nullptr  ? EPOLL_CTL_MOD
                                                : EPOLL_CTL_ADD;
    epoll_ctl(loop.events_, action, socket, &event);
    if (action == EPOLL_CTL_ADD) curl_multi_assign(loop.multi_, socket, self);
    return 0;
  }

  static int OnTimer(CURLM* /*multi*/, long timeout, void* self) {
    static_cast<CurlLoop*>(self)->timeout_ = static_cast<int>(timeout);
    return 0;
  }

  CURLM* const multi_ = curl_multi_init();
  const int events_ = epoll_create1(EPOLL_CLOEXEC);
  int timeout_ = -1;
};

void BM_HttpEpoll(benchmark::State& state) {
  const std::string url = Server(state, "BESIDE_URL");
  if (url.empty()) return;
  CurlLoop loop;
  for (auto _ : state) {
    std::string body;
    CURL* const easy = NewRequest(url, body);
    loop.Perform(easy);
    curl_easy_cleanup(easy);
    if (body.size() != kBodySize) state.SkipWithError("no body");
  }
}
BENCHMARK(BM_HttpEpoll)->Name("http/epoll")->UseRealTime();

void BM_PostgresCreche(benchmark::State& state) {
  const std::string conninfo = Server(state, "BESIDE_CONNINFO");
  if (conninfo.empty()) return;
  InRun(state, [&]() -> Task<absl::Status> {
    PostgresConnection db = co_await Try(PostgresConnection::Connect(conninfo));
    for (auto _ : state) {
      const PostgresResult result = co_await Try(db.Execute("SELECT 1"));
      if (result.rows[0][0] != "1") state.SkipWithError("another answer");
    }
    co_return absl::OkStatus();
  });
}
BENCHMARK(BM_PostgresCreche)->Name("postgres/creche")->UseRealTime();
BENCHMARK(BM_PostgresCreche)->Name("postgres_rows/creche")->UseRealTime();

// The whole answer; whether it is that of SELECT 1.
bool TakeAnswer(PGconn* connection) {
  bool is_one = false;
  for (;;) {
    while (PQisBusy(connection) != 0) {
      pollfd entry = {PQsocket(connection), POLLIN, 0};
      poll(&entry, 1, /*timeout=*/-1);
      if (PQconsumeInput(connection) == 0) return false;
    }
    PGresult* const result = PQgetResult(connection);
    if (result == nullptr) return is_one;
    if (PQntuples(result) == 1) {
      is_one = std::strcmp(PQgetvalue(result, 0, 0), "1") == 0;
    }
    PQclear(result);
  }
}

// With `rows_one_by_one`, as PostgresConnection has them, for the sake of its
// limit.
void BM_PostgresBlocking(benchmark::State& state, bool rows_one_by_one) {
  const std::string conninfo = Server(state, "BESIDE_CONNINFO");
  if (conninfo.empty()) return;
  PGconn* const connection = PQconnectdb(conninfo.c_str());
  PQsetnonblocking(connection, 1);
  for (auto _ : state) {
    if (PQsendQueryParams(connection, "SELECT 1", 0, nullptr, nullptr, nullptr,
                          nullptr, 0) == 0 ||
        (rows_one_by_one && PQsetSingleRowMode(connection) == 0) ||
        PQflush(connection) != 0 || !TakeAnswer(connection)) {
      state.SkipWithError("another answer");
      break;
    }
  }
  PQfinish(connection);
}
BENCHMARK_CAPTURE(BM_PostgresBlocking, whole, /*rows_one_by_one=*/false)
    ->Name("postgres/blocking")
    ->UseRealTime();
BENCHMARK_CAPTURE(BM_PostgresBlocking, rows, /*rows_one_by_one=*/true)
    ->Name("postgres_rows/blocking")
    ->UseRealTime();

}  // namespace
}  // namespace creche::benchmarks
