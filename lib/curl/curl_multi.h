// SPDX-License-Identifier: Apache-2.0
//
// CurlMulti: libcurl's multi handle, and the task that drives it.
//
// There is no background task: of the tasks that wait for their transfers, one
// drives all of them. When it has what it waited for, or is cancelled, another
// takes over.
//
// The driver waits for one descriptor only: an epoll set that holds libcurl's
// sockets and a timerfd with libcurl's timeout. So a transfer that another task
// adds meanwhile wakes the driver by the timerfd, and the time that libcurl
// measures by the kernel's clock is waited for on the kernel's clock. Sockets
// come and go in the set without the run: nobody but the epoll set polls them,
// and so NotifyClosing() has nothing to tell.

#ifndef CRECHE_LIB_CURL_CURL_MULTI_H_
#define CRECHE_LIB_CURL_CURL_MULTI_H_

#include <curl/curl.h>

#include <cstddef>
#include <list>
#include <memory>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/uring/file_descriptor.h"
#include "lib/curl/easy_handles.h"
#include "lib/curl/http_origins.h"
#include "lib/curl/socket_set.h"

namespace creche::internal {

class CurlTransfer;

class CurlMulti {
 public:
  explicit CurlMulti(std::size_t max_connections_per_host);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  ~CurlMulti();

  // What was wrong in the constructor.
  const absl::Status& status() const { return status_; }

  // A fetch that is under way. The client must not be destroyed meanwhile.
  class Use {
   public:
    explicit Use(CurlMulti& multi) : multi_(multi) { ++multi_.uses_; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { --multi_.uses_; }

   private:
    CurlMulti& multi_;
  };

  // Starts `transfer`, which is Remove()d before it is destroyed.
  absl::Status Add(CurlTransfer& transfer);
  // Ends it, wherever it is. Not to be called from libcurl's callbacks.
  void Remove(CurlTransfer& transfer);

  // Waits until (transfer.*has_come)(), and drives all transfers if nobody
  // does. Cancellation: safe.
  Task<absl::Status> WaitUntil(CurlTransfer& transfer,
                               bool (CurlTransfer::*has_come)() const);

  // What is kept from one transfer for the next.
  EasyHandles& easy_handles() { return easy_handles_; }
  HttpOrigins& origins() { return origins_; }

  // What libcurl opens and closes for a connection. OnCloseSocket() is for
  // CURLOPT_CLOSESOCKETFUNCTION, with the CurlMulti.
  void OnSocketOpened(curl_socket_t socket) { sockets_.OnOpened(socket); }
  static int OnCloseSocket(void* multi, curl_socket_t socket);

 private:
  class DriverRole;
  struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* multi,
                      void* of_socket);
  static int OnTimer(CURLM* handle, long milliseconds, void* multi);

  // If nobody drives, one of those that wait for news is to.
  void StandAside();

  void SetTimer(long milliseconds);  // NOLINT: libcurl's type. -1: none.

  // What libcurl wanted done at once while nobody drove.
  absl::Status ActIfDue();
  // What has come.
  absl::Status Act();
  CURLMcode ActOnTimeout();
  void TakeResults();

  CURLM* handle() const { return handle_.get(); }

  SocketSet sockets_;
  FileDescriptor timer_;
  std::unique_ptr<CURLM, MultiDeleter> handle_;  // Closes its sockets.
  EasyHandles easy_handles_;
  HttpOrigins origins_;
  absl::Status status_;
  std::size_t uses_ = 0;
  bool has_driver_ = false;
  bool is_due_ = false;
  bool is_timer_set_ = false;
  std::list<CurlTransfer*>
      transfers_;  // The one that was added first is first.
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CURL_CURL_MULTI_H_
