// SPDX-License-Identifier: Apache-2.0
//
// GuestSession: a run that works in callbacks of a host's loop.

#ifndef CRECHE_LIB_GUEST_SESSION_H_
#define CRECHE_LIB_GUEST_SESSION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/internal/running.h"
#include "creche/guest_run.h"
#include "creche/run.h"
#include "creche/run/internal/guest_handle.h"
#include "creche/uring/operation_port.h"
#include "lib/core/hosted_port.h"

namespace creche::internal {

// What a thread knows of a run, while the thread is not in it.
class ThreadsRun {
 public:
  // The thread turns from the run that it is in, or none, to this one. The
  // other one is here then.
  void Exchange();

 private:
  Running running_;
  OperationPort* port_ = nullptr;
};

// Each callback that the host has holds a reference: those that come when the
// run has ended find a session that does nothing.
//
// A share is never begun within another: the host's loop, run by a task, calls
// back while that task has the thread.
class GuestSession : public std::enable_shared_from_this<GuestSession> {
 public:
  GuestSession(HostLoop& host, std::unique_ptr<GuestMain> main)
      : host_(host), main_(std::move(main)) {}
  GuestSession(const GuestSession&) = delete;
  GuestSession& operator=(const GuestSession&) = delete;

  void Begin(RunOptions options);
  void Cancel(absl::string_view reason);
  bool has_ended() const { return has_ended_; }

 private:
  using Callback = void (GuestSession::*)();
  absl::AnyInvocable<void()> Calls(Callback callback);

  absl::Status Open(RunOptions options);
  absl::Status OpenInRun(RunOptions options);
  void OnReadable();
  void OnTime(absl::Time time);
  void OnTurn();
  void Work();
  absl::Duration WorkInRun();
  void Watch();
  void Unwatch();
  void AskForTurn();
  void AskForCallAt(absl::Time time);
  void End();

  HostLoop& host_;
  std::unique_ptr<GuestMain> main_;  // Null: it has ended.
  absl::Status refused_;
  ThreadsRun run_;
  std::unique_ptr<RunSession> session_;  // Null: refused, or it has ended.
  HostedPort* port_ = nullptr;
  int fd_ = -1;
  bool is_watched_ = false;
  bool has_asked_for_turn_ = false;
  // Of the host's timers, each earlier than the one before it.
  std::vector<absl::Time> timers_;
  std::optional<std::string> cancel_reason_;  // To be heard in the next share.
  bool is_at_work_ = false;
  bool is_missed_ = false;  // The host has called meanwhile.
  bool has_ended_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_GUEST_SESSION_H_
