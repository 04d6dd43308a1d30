// SPDX-License-Identifier: Apache-2.0
//
// CurlTransfer: one request and its answer, without redirects.

#ifndef CRECHE_LIB_CURL_CURL_TRANSFER_H_
#define CRECHE_LIB_CURL_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/core/parking_lot.h"
#include "creche/curl/http_client_options.h"
#include "creche/curl/http_request.h"
#include "lib/curl/curl_multi.h"
#include "lib/curl/easy_handles.h"
#include "lib/curl/http_target.h"

namespace creche::internal {

// What becomes of the body.
enum class BodyMode { kWhole, kInPieces };

// Belongs to the task that made it. libcurl refers to it until it is destroyed.
class CurlTransfer {
 public:
  // Nothing happens before Start(). `target` has been resolved.
  CurlTransfer(CurlMulti& multi, const HttpClientOptions& options,
               const HttpRequest& request, const HttpTarget& target,
               BodyMode body_mode);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  // Takes it out of the multi handle. Never runs inside of a callback: those
  // only wake tasks.
  ~CurlTransfer();

  absl::Status Start();

  // Whether it has ended, or there is a head or a piece of the body to take.
  bool has_news() const {
    return is_done_ || has_head_ || is_refused_ || !piece_.empty();
  }
  bool is_done() const { return is_done_; }
  // Where its tasks wait for news: one for the response, one for the request.
  ParkingLot& news() { return news_; }

  // kInPieces: whether the head has come and was not taken; it is taken once.
  bool has_head() const { return has_head_; }
  HttpResponse TakeHead();
  // What has come of the body. kInPieces: the server, if it was held back, goes
  // on with GoOn().
  std::string TakePiece();
  void GoOn();

  // Whether the next piece of the request's body can be sent, or none any more.
  bool wants_body() const { return is_done_ || is_sending_paused_; }
  // The next piece; nullopt is the end.
  void Send(std::optional<std::string> piece);
  // Whether the server wants no more of it. libcurl then goes on with
  // StopSending().
  bool is_refused() const { return is_refused_; }
  void StopSending();

  // Requires: is_done(). How it has ended.
  absl::Status Result() const;
  // Requires: is_done(), and Result() is ok.
  HttpResponse TakeResponse();
  // Where the response sends to, if it is a redirect that is to be followed.
  std::optional<std::string> Redirect() const;

  // For CurlMulti.
  CURL* easy() const { return easy_.get(); }
  static CurlTransfer* Of(CURL* easy);
  void OnDone(CURLcode code);
  // libcurl waits for nothing on `socket` any more.
  void OnUnwatched(curl_socket_t socket);

 private:
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, ListDeleter>;

  static std::size_t OnHeader(char* data, std::size_t one, std::size_t size,
                              void* transfer);
  static std::size_t OnBody(char* data, std::size_t one, std::size_t size,
                            void* transfer);
  static std::size_t OnSend(char* room, std::size_t one, std::size_t size,
                            void* transfer);
  static curl_socket_t OnOpenSocket(void* transfer, curlsocktype purpose,
                                    curl_sockaddr* address);

  void SetConnection();
  void SetRequest(const HttpRequest& request);
  void SetBody(const HttpRequest& request);
  void SetBodySource();
  void SetHeaders(const HttpRequest& request, bool sends_body);
  void Append(List& list, const std::string& text);

  // After a pause of one direction; the other may be in one, too.
  void Resume();

  void OnHeaderLine(absl::string_view line);
  void OnHeadComplete();
  void SetUrl(HttpResponse& response) const;
  bool IsFollowedRedirect() const;
  absl::Status LimitError(absl::string_view what, std::size_t limit) const;

  CurlMulti& multi_;
  const HttpClientOptions& options_;
  const HttpTarget& target_;
  const BodyMode body_mode_;

  std::array<char, CURL_ERROR_SIZE> error_text_ = {};
  List header_list_;
  List addresses_;
  // libcurl has taken what is before the offset.
  std::string body_to_send_;
  std::size_t sent_ = 0;
  bool has_sent_all_ = false;
  bool has_stopped_sending_ = false;
  EasyHandle easy_;
  bool is_added_ = false;

  ParkingLot news_;
  bool is_done_ = false;
  bool is_receiving_paused_ = false;
  bool is_sending_paused_ = false;
  bool is_refused_ = false;
  CURLcode code_ = CURLE_OK;
  int socket_error_ = 0;         // Of socket(2), which libcurl does not tell.
  absl::Status callback_error_;  // Why a callback has ended the transfer.
  bool head_is_complete_ = false;
  bool has_head_ = false;
  std::size_t header_size_ = 0;
  std::size_t body_size_ = 0;
  std::string piece_;
  HttpResponse response_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_CURL_TRANSFER_H_
