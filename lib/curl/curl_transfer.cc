// SPDX-License-Identifier: Apache-2.0

#include "lib/curl/curl_transfer.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/curl/http_client_options.h"
#include "creche/curl/http_request.h"
#include "lib/curl/curl_errors.h"
#include "lib/curl/curl_multi.h"
#include "lib/curl/header_line.h"
#include "lib/curl/http_rules.h"
#include "lib/curl/http_target.h"

namespace creche::internal {
namespace {

// So much is taken from the server while the sink is busy.
constexpr std::size_t kMaxPiece = std::size_t{64} << 10;

constexpr std::size_t kUsualHeaders = 16;
constexpr int kFirstFinal = 200;    // Of the codes; before are 100, 103.
constexpr int kFirstRefusal = 400;  // libcurl sends no more after these.

// What ends a transfer from inside a callback, with CURLE_WRITE_ERROR.
constexpr std::size_t kEnd = 0;

constexpr long kOn = 1L;                 // NOLINT: libcurl's type.
constexpr long kDnsCacheSeconds = 3600;  // NOLINT
// For ever, nearly: deadlines come from scopes. (0 would be 300 s.)
constexpr long kConnectSeconds = 1000000;  // NOLINT

// A host name that libcurl forgets while a transfer waits for a connection
// would be looked up by libcurl, which blocks.
void SetFixedOptions(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, kOn);
  // libcurl would read CURLOPT_PROTOCOLS_STR anew for each request.
  CURL_IGNORE_DEPRECATION(curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                                           CURLPROTO_HTTP | CURLPROTO_HTTPS);)
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, kDnsCacheSeconds);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
}

// Whether the peer sends no more, or has reset the connection.
bool HasEnded(curl_socket_t socket) {
  char c;
  const ssize_t size = recv(socket, &c, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace

CurlTransfer::CurlTransfer(CurlMulti& multi, const HttpClientOptions& options,
                           const HttpRequest& request, const HttpTarget& target,
                           BodyMode body_mode)
    : multi_(multi),
      options_(options),
      target_(target),
      body_mode_(body_mode),
      easy_(multi.easy_handles().Take()) {
  if (easy_ == nullptr) return;
  SetFixedOptions(easy());
  SetConnection();
  SetRequest(request);
}

CurlTransfer::~CurlTransfer() {
  if (!is_added_) return;
  multi_.Remove(*this);
  if (is_done_ && code_ == CURLE_OK) {
    multi_.easy_handles().Keep(std::move(easy_));
  }
}

absl::Status CurlTransfer::Start() {
  if (easy_ == nullptr) {
    return absl::ResourceExhaustedError("HttpClient: no memory for a request");
  }
  is_added_ = true;
  return multi_.Add(*this);
}

HttpResponse CurlTransfer::TakeHead() {
  has_head_ = false;
  HttpResponse head = response_;
  SetUrl(head);
  return head;
}

std::string CurlTransfer::TakePiece() { return std::exchange(piece_, {}); }

void CurlTransfer::GoOn() {
  if (std::exchange(is_receiving_paused_, false)) Resume();
}

void CurlTransfer::Send(std::optional<std::string> piece) {
  has_sent_all_ = !piece.has_value();
  body_to_send_ = std::move(piece).value_or("");
  sent_ = 0;
  if (std::exchange(is_sending_paused_, false)) Resume();
}

// libcurl calls OnBody() from here if it has kept something. If that fails, the
// multi handle would not tell.
void CurlTransfer::Resume() {
  if (is_done_) return;
  const int paused = (is_receiving_paused_ ? CURLPAUSE_RECV : 0) |
                     (is_sending_paused_ ? CURLPAUSE_SEND : 0);
  const CURLcode code = curl_easy_pause(easy(), paused);
  if (code != CURLE_OK) OnDone(code);
}

absl::Status CurlTransfer::Result() const {
  if (!callback_error_.ok()) return callback_error_;
  if (code_ == CURLE_OK) {
    if (head_is_complete_) return absl::OkStatus();
    // libcurl takes the end of the connection for that of the headers.
    return absl::UnavailableError(
        absl::StrCat("HttpClient: ", target_.HostAndPort(),
                     ": headers: the connection ended in the middle of them"));
  }
  std::string text = absl::StrCat("HttpClient: ", target_.HostAndPort(), ": ",
                                  PhaseOf(code_, header_size_, body_size_),
                                  ": ", curl_easy_strerror(code_));
  if (error_text_[0] != '\0') {
    absl::StrAppend(&text, ": ", error_text_.data());
  }
  long error = 0;  // NOLINT: libcurl's type.
  curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &error);
  if (socket_error_ != 0) error = socket_error_;
  if (error != 0) {
    absl::StrAppend(&text, " (", std::strerror(static_cast<int>(error)), ")");
  }
  return absl::Status(StatusCodeOf(code_, socket_error_), text);
}

HttpResponse CurlTransfer::TakeResponse() {
  SetUrl(response_);
  return std::move(response_);
}

void CurlTransfer::SetUrl(HttpResponse& response) const {
  const char* url = nullptr;
  curl_easy_getinfo(easy(), CURLINFO_EFFECTIVE_URL, &url);
  if (url != nullptr) response.url = url;
}

std::optional<std::string> CurlTransfer::Redirect() const {
  if (!IsFollowedRedirect()) return std::nullopt;
  const char* url = nullptr;
  curl_easy_getinfo(easy(), CURLINFO_REDIRECT_URL, &url);
  if (url == nullptr) return std::nullopt;
  return std::string(url);
}

CurlTransfer* CurlTransfer::Of(CURL* easy) {
  void* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return static_cast<CurlTransfer*>(transfer);
}

void CurlTransfer::OnDone(CURLcode code) {
  is_done_ = true;
  code_ = code;
  news_.UnparkAll();
}

// While the request's body is awaited, libcurl (7.88) does not end a transfer
// that the server has ended: not before it could send again.
void CurlTransfer::OnUnwatched(curl_socket_t socket) {
  if (!is_sending_paused_ || is_done_) return;
  if (response_.code < kFirstRefusal && !HasEnded(socket)) return;
  is_refused_ = true;
  news_.UnparkAll();
}

void CurlTransfer::StopSending() {
  is_refused_ = false;
  has_stopped_sending_ = true;
  if (std::exchange(is_sending_paused_, false)) Resume();
}

std::size_t CurlTransfer::OnHeader(char* data, std::size_t /*one*/,
                                   std::size_t size, void* transfer) {
  CurlTransfer& self = *static_cast<CurlTransfer*>(transfer);
  self.header_size_ += size;
  if (self.header_size_ > self.options_.max_headers()) {
    self.callback_error_ =
        self.LimitError("headers: more", self.options_.max_headers());
    return kEnd;
  }
  self.OnHeaderLine(absl::string_view(data, size));
  return size;
}

std::size_t CurlTransfer::OnBody(char* data, std::size_t /*one*/,
                                 std::size_t size, void* transfer) {
  CurlTransfer& self = *static_cast<CurlTransfer*>(transfer);
  const bool is_dropped = self.IsFollowedRedirect();
  const bool is_piece = !is_dropped && self.body_mode_ == BodyMode::kInPieces;
  if (is_piece && !self.piece_.empty() &&
      self.piece_.size() + size > kMaxPiece) {
    self.is_receiving_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (size > self.options_.max_body() - self.body_size_) {
    self.callback_error_ =
        self.LimitError("body: more", self.options_.max_body());
    return kEnd;
  }
  self.body_size_ += size;
  if (is_piece) {
    self.piece_.append(data, size);
    self.news_.UnparkAll();
  } else if (!is_dropped) {
    self.response_.body.append(data, size);
  }
  return size;
}

std::size_t CurlTransfer::OnSend(char* room, std::size_t /*one*/,
                                 std::size_t size, void* transfer) {
  CurlTransfer& self = *static_cast<CurlTransfer*>(transfer);
  if (self.has_stopped_sending_) {
    self.callback_error_ = absl::UnavailableError(absl::StrCat(
        "HttpClient: ", self.target_.HostAndPort(),
        ": request: the server ended the connection before it had all of it"));
    return CURL_READFUNC_ABORT;
  }
  const std::size_t sent = self.body_to_send_.copy(room, size, self.sent_);
  self.sent_ += sent;
  if (sent > 0 || self.has_sent_all_) return sent;
  self.is_sending_paused_ = true;
  self.news_.UnparkAll();
  return CURL_READFUNC_PAUSE;
}

// Not inherited by child processes; and the reason is kept if there is none.
curl_socket_t CurlTransfer::OnOpenSocket(void* transfer,
                                         curlsocktype /*purpose*/,
                                         curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                        address->protocol);
  CurlTransfer& self = *static_cast<CurlTransfer*>(transfer);
  if (fd < 0) {
    self.socket_error_ = errno;
    return CURL_SOCKET_BAD;
  }
  self.multi_.OnSocketOpened(fd);
  return fd;
}

void CurlTransfer::SetConnection() {
  CURL* const curl = easy();
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &OnOpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION,
                   &CurlMulti::OnCloseSocket);
  curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, &multi_);
  // Empty: not that of the environment.
  curl_easy_setopt(curl, CURLOPT_PROXY, options_.proxy().c_str());
  if (!options_.proxy().empty()) {
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, kOn);
  }
  if (!options_.trusted_file().empty()) {
    for (const CURLoption file : {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO}) {
      curl_easy_setopt(curl, file, options_.trusted_file().c_str());
    }
    for (const CURLoption path : {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH}) {
      curl_easy_setopt(curl, path, nullptr);
    }
  }
  if (!options_.chain_file().empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options_.chain_file().c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options_.key_file().c_str());
  }
  if (!target_.addresses.empty()) {
    Append(addresses_, target_.addresses);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses_.get());
  }
}

void CurlTransfer::SetRequest(const HttpRequest& request) {
  CURL* const curl = easy();
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_URL, target_.url.c_str());
  const std::string method = MethodOf(request);
  const bool sends_body =
      request.has_body() || method == "POST" || method == "PUT";
  if (method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, kOn);
  } else {
    if (sends_body) SetBody(request);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  SetHeaders(request, sends_body);
}

void CurlTransfer::SetBody(const HttpRequest& request) {
  if (request.body_source()) {
    SetBodySource();
    return;
  }
  body_to_send_ = request.body().value_or("");
  curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(body_to_send_.size()));
  curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, body_to_send_.data());
}

// A kept connection that the server is just closing would want a rewind.
void CurlTransfer::SetBodySource() {
  curl_easy_setopt(easy(), CURLOPT_UPLOAD, kOn);
  curl_easy_setopt(easy(), CURLOPT_READFUNCTION, &OnSend);
  curl_easy_setopt(easy(), CURLOPT_READDATA, this);
  curl_easy_setopt(easy(), CURLOPT_FRESH_CONNECT, kOn);
}

// Without a value, libcurl takes "Name:" for a header that is not to be sent,
// and "Name;" for an empty one.
void CurlTransfer::SetHeaders(const HttpRequest& request, bool sends_body) {
  for (const auto& [name, value] : request.headers()) {
    const bool is_empty = absl::StripAsciiWhitespace(value).empty();
    Append(header_list_, is_empty ? absl::StrCat(name, ";")
                                  : absl::StrCat(name, ": ", value));
  }
  if (sends_body) {
    if (!HasHeader(request, "Content-Type")) {
      Append(header_list_, "Content-Type:");
    }
    // libcurl would wait a second for leave to send a large body.
    if (!HasHeader(request, "Expect")) Append(header_list_, "Expect:");
  }
  curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, header_list_.get());
}

void CurlTransfer::Append(List& list, const std::string& text) {
  curl_slist* const longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) return;
  static_cast<void>(list.release());
  list.reset(longer);
}

void CurlTransfer::OnHeaderLine(absl::string_view line) {
  if (absl::StartsWith(line, "HTTP/")) {
    // What came before was not the last word: 100, 103.
    response_.headers.clear();
    response_.headers.reserve(kUsualHeaders);
    head_is_complete_ = false;
    long code = 0;  // NOLINT: libcurl's type.
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &code);
    response_.code = static_cast<int>(code);
  } else if (!AddHeaderLine(line, response_) &&
             !std::exchange(head_is_complete_, true)) {
    OnHeadComplete();
  }
}

void CurlTransfer::OnHeadComplete() {
  if (body_mode_ != BodyMode::kInPieces || response_.code < kFirstFinal ||
      IsFollowedRedirect()) {
    return;
  }
  has_head_ = true;
  news_.UnparkAll();
}

bool CurlTransfer::IsFollowedRedirect() const {
  return options_.max_redirects() > 0 && IsRedirect(response_.code) &&
         response_.Header("Location").has_value();
}

absl::Status CurlTransfer::LimitError(absl::string_view what,
                                      std::size_t limit) const {
  return absl::ResourceExhaustedError(
      absl::StrCat("HttpClient: ", target_.HostAndPort(), ": ", what, " than ",
                   limit, " bytes: see HttpClientOptions"));
}

}  // namespace creche::internal
