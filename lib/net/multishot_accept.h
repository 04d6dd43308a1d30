// SPDX-License-Identifier: Apache-2.0
//
// MultishotAccept: the connections that have come, and those to come.

#ifndef CRECHE_LIB_NET_MULTISHOT_ACCEPT_H_
#define CRECHE_LIB_NET_MULTISHOT_ACCEPT_H_

#include <deque>
#include <utility>

#include "creche/net/internal/listen_socket.h"
#include "creche/uring/file_descriptor.h"
#include "lib/uring/multishot.h"

namespace creche::internal {

// accept() reports errors of the connection it would have given; the next one
// may be fine. See the accept(2) manual page.
bool IsErrorOfOneConnection(int error);

class MultishotAccept final : public Multishot {
 public:
  explicit MultishotAccept(ListenSocket& socket) : Multishot(socket) {}

  void Start();
  bool is_empty() const override { return connections_.empty(); }
  void Clear() override { connections_.clear(); }

  // A descriptor, which is the caller's; -1: there is none.
  int TakeConnection();
  // What has gone wrong, once. 0: nothing.
  int TakeError() { return std::exchange(error_, 0); }

 private:
  bool Keep(int result, unsigned flags) override;

  std::deque<FileDescriptor> connections_;
  int error_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_MULTISHOT_ACCEPT_H_
