// SPDX-License-Identifier: Apache-2.0
//
// TaskStatus: how a child that was started with Nursery::Start() says that it
// is ready.
//
//   creche::Task<absl::Status> Serve(creche::TaskStatus<uint16_t> status) {
//     auto listener = co_await creche::Try(creche::ListenTcp("::1", 0));
//     status.Started(listener.port());
//     co_return co_await creche::ServeTcp(std::move(listener), Handle);
//   }
//
//   absl::StatusOr<uint16_t> port = co_await nursery.Start<uint16_t>(Serve);

#ifndef CRECHE_CORE_TASK_STATUS_H_
#define CRECHE_CORE_TASK_STATUS_H_

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "creche/core/internal/start_handshake.h"

namespace creche {

// Until Started() the child belongs to the caller of Start(): the caller's
// scopes cancel it and its errors come out of Start(). Then it moves, with
// everything below it, into the nursery. If the caller has been cancelled by
// then, it stays with the caller instead.
template <typename V = void>
class TaskStatus {
 public:
  // A status for direct calls of such a function: Started() does nothing.
  static TaskStatus Ignored() { return TaskStatus(nullptr); }

  // Aborts if called a second time.
  void Started(V value) {
    if (handshake_ == nullptr) return;
    handshake_->value.emplace(std::move(value));
    handshake_->Started();
  }

 private:
  friend class internal::StartAccess;
  using Handshake = internal::ValueHandshake<V>;

  explicit TaskStatus(std::shared_ptr<Handshake> handshake)
      : handshake_(std::move(handshake)) {}

  std::shared_ptr<Handshake> handshake_;
};

// The same without a value.
template <>
class TaskStatus<void> {
 public:
  // Same as TaskStatus<V>.
  static TaskStatus Ignored() { return TaskStatus(nullptr); }

  // Aborts if called a second time.
  void Started() {
    if (handshake_ != nullptr) handshake_->Started();
  }

 private:
  friend class internal::StartAccess;
  using Handshake = internal::ValueHandshake<void>;

  explicit TaskStatus(std::shared_ptr<Handshake> handshake)
      : handshake_(std::move(handshake)) {}

  std::shared_ptr<Handshake> handshake_;
};

}  // namespace creche

#endif  // CRECHE_CORE_TASK_STATUS_H_
