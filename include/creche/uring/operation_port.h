// SPDX-License-Identifier: Apache-2.0
//
// OperationPort: an EventPort that executes kernel operations. The real one
// runs them on io_uring; others may wrap it (to inject errors) or simulate it
// (by interpreting the entries they are given).

#ifndef CRECHE_URING_OPERATION_PORT_H_
#define CRECHE_URING_OPERATION_PORT_H_

#include "absl/strings/string_view.h"
#include "creche/core/event_port.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/uring/internal/forward.h"
#include "creche/uring/socket_names.h"
#include "creche/uring/uring_features.h"

struct io_uring_sqe;

namespace creche {

// One operation under way. It stays where it is until its last completion.
// (The link is for a port, which may list those that were asked to end.)
class Operation : public internal::ListLink<internal::CancelRequestTag> {
 public:
  // Whom it is for.
  enum class Kind {
    kAwaited,  // A task.
    // Goes on whether or not a task waits for it. pending() does not count it,
    // and it need not have ended when the run does: then the port ends it.
    kBackground,
  };

  // Awaited, unless `kind` says otherwise.
  Operation() = default;
  explicit Operation(Kind kind) : kind_(kind) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Called by the port, on the run's thread, between steps of tasks: from
  // Poll(), Wait() or Close(). `result` and `flags` are those of the completion
  // queue entry: so `result` may be one of the kernel's restart codes, which
  // count as -EINTR. It is the last completion, after which the port has
  // forgotten the operation, unless `flags` has IORING_CQE_F_MORE. Runs no user
  // code, and may start operations, this one included.
  virtual void Completed(int result, unsigned flags) = 0;

  // Whether its kind is kBackground.
  bool is_background() const { return kind_ == Kind::kBackground; }

 protected:
  ~Operation() = default;

 private:
  const Kind kind_ = Kind::kAwaited;
};

// What the completion of an operation says.
struct OperationResult {
  int result = 0;      // 0 or more, or a negated errno, or a restart code.
  unsigned flags = 0;  // IORING_CQE_F_...
};

// A run whose port this is executes its operations here. A port that wraps
// another sees all of them: what it wraps is not the run's port, whatever it
// does.
class OperationPort : public EventPort {
 public:
  // Starts `operation`, which `entry` describes; the port copies the entry and
  // replaces its user_data. Everything that the entry points to must live until
  // the last completion. Never calls Completed() itself, not even on failure.
  // pending() counts the operation from here to its last completion.
  virtual void Start(Operation& operation, const io_uring_sqe& entry) = 0;

  // Like Start(), for an operation that should not wait until others are
  // submitted. Returns true if it has completed by then: the port has forgotten
  // it, and does not call Completed(). By default no better than Start().
  virtual bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                           OperationResult& /*completed*/) {
    Start(operation, entry);
    return false;
  }

  // Asks for `operation`, which is under way, to end early, until it does. Its
  // completion tells what became of it: -ECANCELED, -EINTR or a restart code if
  // it did not happen, or what it says when it did after all. Never calls
  // Completed() itself.
  virtual void Cancel(Operation& operation) = 0;

  // Tells the kernel now what was started and cancelled so far, and lets it
  // finish what that ends: it holds no file of those operations any more. Never
  // calls Completed() itself. Returns false if the kernel does not know of all
  // of them yet; that is all it does by default.
  virtual bool SubmitNow() { return false; }

  // Sends on a socket what goes without waiting, if no operation is sending on
  // it. Returns how much that is, or a negated errno (-EAGAIN: nothing).
  virtual int TrySend(int fd, absl::string_view data);

  // The same, by the port of this thread's run; without one, by the kernel (a
  // stream can outlive its run).
  static int TrySendOnCurrent(int fd, absl::string_view data);

  // Which optional features operations may use here: none, unless a port says
  // otherwise. Background operations need one of them.
  virtual UringFeatures features() { return UringFeatures::None(); }

  // The memory that the kernel receives into by multishot_receive; nullptr if
  // there is none. It is the port's.
  virtual internal::BlockRing* blocks() { return nullptr; }

  // How sockets get their addresses where this port's operations connect them.
  virtual SocketNames& socket_names() { return SocketNames::System(); }

  // The port of this thread's run. Aborts the process if that is none: the run
  // was given an EventPort that executes no operations.
  static OperationPort& Current();
};

}  // namespace creche

#endif  // CRECHE_URING_OPERATION_PORT_H_
