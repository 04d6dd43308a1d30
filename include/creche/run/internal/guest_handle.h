// SPDX-License-Identifier: Apache-2.0
//
// GuestHandle: a GuestRun, apart from the type of its main.

#ifndef CRECHE_RUN_INTERNAL_GUEST_HANDLE_H_
#define CRECHE_RUN_INTERNAL_GUEST_HANDLE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche {

class HostLoop;
struct RunOptions;

namespace internal {

class GuestSession;
class RunSession;
class TaskRecord;

// What a guest runs, and whom it tells.
class GuestMain {
 public:
  virtual ~GuestMain() = default;

  // Makes the main task of `session`. Called in the run, once or never.
  virtual TaskRecord& MakeTask(RunSession& session) = 0;

  // All tasks have ended: takes the result, and destroys the task. Called in
  // the run.
  virtual void TakeResult() = 0;

  // Tells of that result. Called outside of the run.
  virtual void TellResult() = 0;
  // Instead of all these: there can be no run, because of `error`.
  virtual void TellRefused(absl::Status error) = 0;
};

// Its destructor aborts the process while the guest has not ended.
class GuestHandle {
 public:
  GuestHandle(RunOptions options, HostLoop& host,
              std::unique_ptr<GuestMain> main);
  GuestHandle(const GuestHandle&) = delete;
  GuestHandle& operator=(const GuestHandle&) = delete;
  ~GuestHandle();

  void Cancel(absl::string_view reason);

 private:
  const std::shared_ptr<GuestSession> session_;
};

// Of an exception that main has thrown and that is being handled.
absl::Status StatusOfMainsException();

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_RUN_INTERNAL_GUEST_HANDLE_H_
