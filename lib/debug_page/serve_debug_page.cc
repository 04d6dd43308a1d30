// SPDX-License-Identifier: Apache-2.0

#include "creche/debug_page/serve_debug_page.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/clock.h"
#include "creche/core/internal/running.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/debug/run_meter.h"
#include "creche/io/buffered_reader.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/sync/semaphore.h"
#include "lib/core/scheduler.h"
#include "lib/debug_page/allowed_hosts.h"
#include "lib/debug_page/http.h"
#include "lib/debug_page/page.h"
#include "lib/debug_page/recording.h"
#include "lib/debug_page/run_state.h"

namespace creche {
namespace internal {
namespace {

constexpr std::size_t kMaxClients = 16;
constexpr std::size_t kMaxHead = 8192;
// For a request, and for reading the answer.
constexpr absl::Duration kPatience = absl::Seconds(10);
// For a client to take note of the end.
constexpr absl::Duration kLinger = absl::Seconds(1);
constexpr absl::Duration kMeasureAfterLook = absl::Seconds(10);
constexpr absl::Duration kRecordingTime = absl::Seconds(2);

// A meter that is part of the run while this exists. In a task of the run.
class Measurement {
 public:
  // `current` points here meanwhile.
  explicit Measurement(const Measurement*& current) : current_(current) {
    running.scheduler->AddInstrument(meter_);
    current_ = this;
  }
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;
  ~Measurement() {
    current_ = nullptr;
    running.scheduler->RemoveInstrument(meter_);
  }

  const RunMeter& meter() const { return meter_; }
  absl::Duration age() const { return Now() - begin_; }

 private:
  const Measurement*& current_;
  const absl::Time begin_ = Now();
  RunMeter meter_;
};

Task<absl::Status> SendAll(TcpStream& stream, std::string data) {
  co_return co_await stream.SendAll(data);
}

// Receives until the client has ended.
Task<absl::Status> Ignore(TcpStream& stream) {
  char buffer[1024];
  while (co_await Try(stream.ReceiveSome(buffer)) > 0) continue;
  co_return absl::OkStatus();
}

HttpResponse Refusal(const char* status, absl::string_view why) {
  HttpResponse response;
  response.status = status;
  response.body = absl::StrCat(why, "\n");
  return response;
}

HttpResponse Content(const char* type, std::string body) {
  HttpResponse response;
  response.content_type = type;
  response.body = std::move(body);
  return response;
}

class DebugPage {
 public:
  explicit DebugPage(AllowedHosts hosts) : hosts_(std::move(hosts)) {}
  DebugPage(const DebugPage&) = delete;
  DebugPage& operator=(const DebugPage&) = delete;

  // Once.
  Task<absl::Status> Serve(TcpListener listener) {
    // What goes wrong with a client is its own affair.
    auto converse = [this](TcpStream stream) -> Task<> {
      auto exchange = Exchange(stream);
      (co_await std::move(exchange)).IgnoreError();
    };
    auto serve = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery_ = &nursery;
      auto serving = ServeTcp(std::move(listener), converse,
                              ServeOptions().set_max_connections(kMaxClients));
      co_return co_await std::move(serving);
    };
    co_return co_await WithNursery(serve);
  }

 private:
  // One request and its answer.
  Task<absl::Status> Exchange(TcpStream& stream) {
    BufferedReader<TcpStream> reader(stream);
    auto reading = reader.ReadUntil("\r\n\r\n", kMaxHead);
    const absl::StatusOr<std::string> head =
        co_await FailAfter(kPatience, std::move(reading));
    absl::StatusOr<HttpRequest> request = ParseIfComplete(head);
    // The client has gone, or says nothing.
    if (!head.ok() && !absl::IsResourceExhausted(head.status())) {
      co_return head.status();
    }
    auto answering = Answer(request);
    const HttpResponse response = co_await std::move(answering);
    const bool with_body = !request.ok() || request->method != "HEAD";
    auto sending = SendAll(stream, response.ToString(with_body));
    co_await Try(FailAfter(kPatience, std::move(sending)));
    // To close a connection with bytes that nobody has read resets it, and the
    // client may then lose the answer.
    co_await Try(stream.SendEof());
    auto ignoring = Ignore(stream);
    co_return co_await FailAfter(kLinger, std::move(ignoring));
  }

  static absl::StatusOr<HttpRequest> ParseIfComplete(
      const absl::StatusOr<std::string>& head) {
    if (!head.ok()) return head.status();
    return HttpRequest::Parse(*head);
  }

  Task<HttpResponse> Answer(const absl::StatusOr<HttpRequest>& request) {
    std::optional<HttpResponse> refusal = Refuse(request);
    if (refusal.has_value()) co_return *std::move(refusal);
    const std::string& path = request->path;
    if (path == "/timeline.svg" || path == "/trace.json") {
      auto recording = Record(path == "/trace.json");
      co_return co_await std::move(recording);
    }
    co_return AnswerAtOnce(path);
  }

  // Nothing if the request is one to answer.
  std::optional<HttpResponse> Refuse(
      const absl::StatusOr<HttpRequest>& request) const {
    if (absl::IsResourceExhausted(request.status())) {
      return Refusal("431 Request Header Fields Too Large",
                     "a request has at most 8 KiB");
    }
    if (!request.ok()) {
      return Refusal("400 Bad Request", request.status().message());
    }
    if (!hosts_.Contains(request->host)) {
      return Refusal("421 Misdirected Request",
                     "ask for localhost, or for an address in digits: another "
                     "name may be that of a hostile page");
    }
    if (request->method != "GET" && request->method != "HEAD") {
      return Refusal("405 Method Not Allowed", "there is only GET");
    }
    return std::nullopt;
  }

  HttpResponse AnswerAtOnce(absl::string_view path) {
    if (path == "/") return Content("text/html; charset=utf-8", kDebugPage);
    if (path == "/state.json") return Content("application/json", State());
    return Refusal("404 Not Found",
                   "there are /, /state.json, /timeline.svg and /trace.json");
  }

  std::string State() {
    measure_until_ = Now() + kMeasureAfterLook;
    if (measurement_ == nullptr) StartToMeasure();
    return RunStateJson(measurement_->meter(), measurement_->age());
  }

  void StartToMeasure() {
    auto keep = [this](std::unique_ptr<Measurement>) -> Task<> {
      while (Now() < measure_until_) co_await SleepUntil(measure_until_);
    };
    nursery_->StartSoon(
        Named("debug page: measures while somebody looks", keep),
        std::make_unique<Measurement>(measurement_));
  }

  Task<HttpResponse> Record(bool as_json) {
    const std::optional<Permit> permit = recordings_.TryAcquire();
    if (!permit.has_value()) {
      co_return Refusal("503 Service Unavailable",
                        "somebody is recording: try again in two seconds");
    }
    Recording recording;
    co_await SleepFor(kRecordingTime);
    recording.Stop();
    if (as_json) {
      co_return Content("application/json", recording.trace().ChromeTrace());
    }
    co_return Content("image/svg+xml", recording.trace().Svg());
  }

  const AllowedHosts hosts_;
  Nursery* nursery_ = nullptr;
  const Measurement* measurement_ = nullptr;  // While somebody looks.
  absl::Time measure_until_;
  Semaphore recordings_{1};  // One at a time.
};

Task<absl::Status> Serve(TcpListener listener, AllowedHosts hosts) {
  DebugPage page(std::move(hosts));
  auto serving = page.Serve(std::move(listener));
  co_return co_await std::move(serving);
}

}  // namespace
}  // namespace internal

Task<absl::Status> ServeDebugPage(TcpListener listener) {
  co_await Checkpoint();
  const SocketAddress address = listener.local_address();
  if (!internal::IsLoopback(address)) {
    co_return absl::InvalidArgumentError(absl::StrCat(
        "ServeDebugPage: other machines may reach ", address.ToString(),
        ": listen on 127.0.0.1 or ::1, or call DangerouslyServeDebugPage()"));
  }
  auto serving = internal::Serve(std::move(listener), internal::AllowedHosts());
  co_return co_await std::move(serving);
}

Task<absl::Status> DangerouslyServeDebugPage(
    TcpListener listener, std::vector<std::string> host_names) {
  auto serving = internal::Serve(std::move(listener),
                                 internal::AllowedHosts(std::move(host_names)));
  co_return co_await std::move(serving);
}

}  // namespace creche
