// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/system_error.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace creche::internal {
namespace {

// What to do about it, where that is not plain from the errno.
absl::string_view Advice(int error) {
  switch (error) {
    case EMFILE:
      return " (this process has as many descriptors open as it may; raise the "
             "limit with ulimit -n)";
    case ENFILE:
      return " (this machine has as many files open as it may; raise "
             "fs.file-max)";
    case EUSERS:  // Of the epoll port only.
      return " (epoll watches as many descriptors as it may for this user; "
             "raise fs.epoll.max_user_watches)";
    case EADDRNOTAVAIL:
      return " (this machine has no such address, or no free port)";
    default:
      return "";
  }
}

// A cancellation that was asked for unwinds the task, so this is one that
// io_uring made of its own accord.
constexpr absl::string_view kNoThread =
    ": the kernel could make no thread for it (they count as processes of this "
    "user; raise the limit with ulimit -u)";

}  // namespace

absl::Status SystemError(int error, absl::string_view what) {
  if (error == ECANCELED) {
    return absl::ResourceExhaustedError(absl::StrCat(what, kNoThread));
  }
  return absl::ErrnoToStatus(error, absl::StrCat(what, Advice(error)));
}

bool MeansBroken(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENETRESET:
    case EPROTO:
      return true;
    default:
      return false;
  }
}

}  // namespace creche::internal
