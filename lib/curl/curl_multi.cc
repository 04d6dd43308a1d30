// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/curl_multi.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/wait_readable.h"
#include "lib/curl/curl_transfer.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

// Longer than anybody waits. (Of the time to connect, there is always one:
// CurlTransfer.)
constexpr long kForEver = 24L * 60 * 60 * 1000;  // NOLINT: libcurl's type.

absl::Status MultiError(CURLMcode code) {
  if (code == CURLM_OK) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("HttpClient: libcurl: ", curl_multi_strerror(code)));
}

void InitializeLibcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) Misuse("HttpClient: libcurl cannot be initialized");
}

unsigned EpollEvents(int what) {
  switch (what) {
    case CURL_POLL_IN:
      return EPOLLIN;
    case CURL_POLL_OUT:
      return EPOLLOUT;
    default:
      return EPOLLIN | EPOLLOUT;
  }
}

int CurlEvents(unsigned events) {
  int selected = 0;
  if (events & (EPOLLIN | EPOLLHUP)) selected |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) selected |= CURL_CSELECT_OUT;
  if (events & EPOLLERR) selected |= CURL_CSELECT_ERR;
  return selected;
}

}  // namespace

// The right to drive. However it ends, another task takes over.
class CurlMulti::DriverRole {
 public:
  explicit DriverRole(CurlMulti& multi) : multi_(multi) {
    multi_.has_driver_ = true;
  }
  DriverRole(const DriverRole&) = delete;
  DriverRole& operator=(const DriverRole&) = delete;
  ~DriverRole() {
    multi_.has_driver_ = false;
    multi_.StandAside();
  }

 private:
  CurlMulti& multi_;
};

CurlMulti::CurlMulti(std::size_t max_connections_per_host) {
  if (max_connections_per_host == 0) {
    Misuse(
        "HttpClientOptions::set_max_connections_per_host(): at least 1, or "
        "nothing is ever fetched");
  }
  InitializeLibcurl();
  status_ = sockets_.Open();
  if (!status_.ok()) return;
  timer_ = FileDescriptor(
      timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer_.is_open()) {
    status_ = SystemError(errno, "HttpClient: timerfd_create()");
    return;
  }
  status_ = sockets_.Watch(timer_.get(), EPOLLIN);
  if (!status_.ok()) return;
  handle_.reset(curl_multi_init());
  if (handle_ == nullptr) {
    status_ = absl::ResourceExhaustedError(
        "HttpClient: curl_multi_init() has no memory or no descriptor");
    return;
  }
  curl_multi_setopt(handle(), CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(handle(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(handle(), CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl_multi_setopt(handle(), CURLMOPT_TIMERDATA, this);
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  curl_multi_setopt(
      handle(), CURLMOPT_MAX_HOST_CONNECTIONS,
      static_cast<long>(std::min(max_connections_per_host, kMost)));  // NOLINT
}

CurlMulti::~CurlMulti() {
  if (uses_ > 0) {
    Misuse(
        "an HttpClient was destroyed while a Fetch() of it was under way: it "
        "must outlive its fetches");
  }
}

absl::Status CurlMulti::Add(CurlTransfer& transfer) {
  transfers_.push_back(&transfer);
  return MultiError(curl_multi_add_handle(handle(), transfer.easy()));
}

void CurlMulti::Remove(CurlTransfer& transfer) {
  curl_multi_remove_handle(handle(), transfer.easy());
  transfers_.remove(&transfer);
  StandAside();
}

Task<absl::Status> CurlMulti::WaitUntil(CurlTransfer& transfer,
                                        bool (CurlTransfer::*has_come)()
                                            const) {
  while (!(transfer.*has_come)()) {
    if (has_driver_) {
      co_await transfer.news().Park("HttpClient");
      continue;
    }
    DriverRole role(*this);
    co_await Try(ActIfDue());
    while (!(transfer.*has_come)()) {
      co_await Try(WaitReadable(sockets_.descriptor()));
      co_await Try(Act());
    }
  }
  // It may have been woken to drive, and have what it waits for meanwhile.
  StandAside();
  co_return absl::OkStatus();
}

// Who was woken to drive and is cancelled instead comes here again by Remove();
// who was woken in vain waits again.
void CurlMulti::StandAside() {
  if (has_driver_) return;
  for (CurlTransfer* transfer : transfers_) {
    if (transfer->news().Unpark() > 0) return;
  }
}

absl::Status CurlMulti::ActIfDue() {
  if (!std::exchange(is_due_, false)) return absl::OkStatus();
  const CURLMcode code = ActOnTimeout();
  TakeResults();
  return MultiError(code);
}

absl::Status CurlMulti::Act() {
  std::array<epoll_event, 64> events;
  const std::size_t count = sockets_.Take(absl::MakeSpan(events));
  CURLMcode code = CURLM_OK;
  for (std::size_t i = 0; i < count && code == CURLM_OK; ++i) {
    const int fd = events[i].data.fd;
    if (fd == timer_.get()) {
      std::uint64_t expirations;
      // Once for all that is due; read, so that it is not readable any more.
      [[maybe_unused]] const ssize_t size =
          read(fd, &expirations, sizeof(expirations));
      is_timer_set_ = false;
      code = ActOnTimeout();
    } else {
      int running;
      code = curl_multi_socket_action(handle(), fd,
                                      CurlEvents(events[i].events), &running);
    }
  }
  TakeResults();
  return MultiError(code);
}

CURLMcode CurlMulti::ActOnTimeout() {
  int running;
  return curl_multi_socket_action(handle(), CURL_SOCKET_TIMEOUT, 0, &running);
}

void CurlMulti::TakeResults() {
  int left;
  while (const CURLMsg* message = curl_multi_info_read(handle(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CurlTransfer::Of(message->easy_handle)->OnDone(message->data.result);
  }
}

int CurlMulti::OnSocket(CURL* easy, curl_socket_t socket, int what, void* multi,
                        void* /*of_socket*/) {
  CurlMulti& self = *static_cast<CurlMulti*>(multi);
  if (what == CURL_POLL_REMOVE) {
    self.sockets_.Unwatch(socket);
    // None: libcurl closes a kept connection by a handle of its own.
    CurlTransfer* const transfer = CurlTransfer::Of(easy);
    if (transfer != nullptr) transfer->OnUnwatched(socket);
    return 0;
  }
  return self.sockets_.Watch(socket, EpollEvents(what)).ok() ? 0 : -1;
}

int CurlMulti::OnTimer(CURLM* /*handle*/, long milliseconds,  // NOLINT
                       void* multi) {
  CurlMulti& self = *static_cast<CurlMulti*>(multi);
  // Who is to drive next does so first of all: no timer has to wake it.
  self.is_due_ = milliseconds == 0 && !self.has_driver_;
  const bool has_timeout = !self.is_due_ && milliseconds < kForEver;
  self.SetTimer(has_timeout ? milliseconds : -1);
  return 0;
}

void CurlMulti::SetTimer(long milliseconds) {  // NOLINT: libcurl's type.
  const bool was_set = std::exchange(is_timer_set_, milliseconds >= 0);
  if (!was_set && !is_timer_set_) return;
  itimerspec timeout = {};
  if (milliseconds == 0) {
    // Soon, but not from inside of libcurl. (0 would disarm it.)
    timeout.it_value.tv_nsec = 1;
  } else if (milliseconds > 0) {
    timeout.it_value.tv_sec = milliseconds / 1000;
    timeout.it_value.tv_nsec = milliseconds % 1000 * 1000000;
  }
  timerfd_settime(timer_.get(), 0, &timeout, nullptr);
}

int CurlMulti::OnCloseSocket(void* multi, curl_socket_t socket) {
  return static_cast<CurlMulti*>(multi)->sockets_.Close(socket);
}

}  // namespace creche::internal
