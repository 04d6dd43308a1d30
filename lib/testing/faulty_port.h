// SPDX-License-Identifier: Apache-2.0
//
// FaultyPort: passes operations on to another port, and does something bad to
// one of them.

#ifndef CRECHE_LIB_TESTING_FAULTY_PORT_H_
#define CRECHE_LIB_TESTING_FAULTY_PORT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/uring/operation_port.h"
#include "lib/testing/short_transfer.h"

namespace creche::internal {

struct Fault {
  enum Kind {
    kNone,
    kError,          // It is not started, and fails with `error`.
    kOneByte,        // It is asked for one byte.
    kAllButOneByte,  // It is asked for one byte less.
    kDelayed,        // Its completion is held back for some rounds of the loop.
    kReordered,      // Its completion is held back until after the next.
    kTooLate,  // It has completed; then everything is cancelled; then it is
               // delivered.
  };
  Kind kind = kNone;
  int error = 0;
  const char* what = "nothing fails";
};

class FaultyPort final : public OperationPort {
 public:
  // The operation of number `chosen`, counted from 1, suffers `fault`.
  FaultyPort(OperationPort& port, std::size_t chosen, Fault fault)
      : port_(port), chosen_(chosen), fault_(fault) {}

  // Is called for kTooLate.
  void set_cancel(std::function<void()> cancel) { cancel_ = std::move(cancel); }

  std::size_t count() const { return count_; }
  // False if the run had not so many operations, or the fault does not go with
  // this one.
  bool has_struck() const { return has_struck_; }
  // Something is about to be delivered, whatever the other port does.
  bool has_completions() const { return !due_.empty() || !held_.empty(); }
  // Which operation it is.
  const std::string& description() const { return description_; }

  absl::Status Open() override { return port_.Open(); }
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override;
  void Notify() override { port_.Notify(); }
  Backend backend() const override { return port_.backend(); }
  void Start(Operation& operation, const io_uring_sqe& entry) override;
  bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                   OperationResult& completed) override;
  void Cancel(Operation& operation) override;
  bool SubmitNow() override { return port_.SubmitNow(); }
  int TrySend(int fd, absl::string_view data) override {
    return port_.TrySend(fd, data);
  }
  SocketNames& socket_names() override { return port_.socket_names(); }
  UringFeatures features() override { return port_.features(); }
  BlockRing* blocks() override { return port_.blocks(); }

 private:
  // Stands for an operation towards the other port.
  class Proxy final : public Operation {
   public:
    Proxy(FaultyPort& port, Operation& original, bool is_chosen)
        : Operation(original.is_background() ? Kind::kBackground
                                             : Kind::kAwaited),
          port_(port),
          original_(original),
          is_chosen_(is_chosen) {}
    void Completed(int result, unsigned flags) override {
      port_.ProxyCompleted(*this, result, flags);
    }
    Operation& original() const { return original_; }
    bool is_chosen() const { return is_chosen_; }
    ShortTransfer& short_transfer() { return short_transfer_; }

   private:
    FaultyPort& port_;
    Operation& original_;
    const bool is_chosen_;
    ShortTransfer short_transfer_;
  };

  struct Completion {
    Operation* operation;
    int result;
    unsigned flags;
    bool is_background() const { return operation->is_background(); }
  };

  bool IsToFail(const io_uring_sqe& entry);
  io_uring_sqe Shortened(const io_uring_sqe& entry, Proxy& proxy);
  bool is_chosen() const { return count_ == chosen_; }
  bool IsToBeShort() const {
    return is_chosen() && (fault_.kind == Fault::kOneByte ||
                           fault_.kind == Fault::kAllButOneByte);
  }
  bool IsToBeHeld() const {
    return fault_.kind == Fault::kDelayed || fault_.kind == Fault::kReordered ||
           fault_.kind == Fault::kTooLate;
  }
  Proxy& MakeProxy(Operation& operation);
  void ProxyCompleted(Proxy& proxy, int result, unsigned flags);
  void Deliver();
  void Complete(const Completion& completion);
  void Release();

  OperationPort& port_;
  const std::size_t chosen_;
  const Fault fault_;
  std::function<void()> cancel_;
  std::size_t count_ = 0;
  bool has_struck_ = false;
  bool is_closing_ = false;
  std::string description_;
  std::unordered_map<Operation*, std::unique_ptr<Proxy>> proxies_;
  std::vector<Completion> due_;   // To be delivered in this round.
  std::vector<Completion> held_;  // Completions of the chosen operation.
  int rounds_left_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_FAULTY_PORT_H_
