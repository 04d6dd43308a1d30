// SPDX-License-Identifier: Apache-2.0
//
// InputWatch: looks for input that no task waits for.

#ifndef CRECHE_LIB_POSTGRES_INPUT_WATCH_H_
#define CRECHE_LIB_POSTGRES_INPUT_WATCH_H_

#include <memory>

#include "creche/uring/operation_port.h"

namespace creche::internal {

class PostgresSession;
class Scheduler;

// A poll of a session's descriptor in the background, which keeps this object
// alive while it is under way. The run counts it as somebody who may wake it,
// so a task that waits for a notification is no deadlock.
class InputWatch final : public Operation,
                         public std::enable_shared_from_this<InputWatch> {
 public:
  explicit InputWatch(PostgresSession& session)
      : Operation(Kind::kBackground), session_(&session) {}

  // Tells the session once when there is input. Does nothing if it is under
  // way.
  void Arm(int fd);
  // Before the descriptor is closed. The session is not told any more.
  void Stop();

 private:
  void Completed(int result, unsigned flags) override;

  PostgresSession* session_;
  OperationPort* port_ = nullptr;  // Where it is under way.
  Scheduler* scheduler_ = nullptr;
  std::shared_ptr<InputWatch> keep_alive_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_INPUT_WATCH_H_
