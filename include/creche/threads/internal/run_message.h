// SPDX-License-Identifier: Apache-2.0
//
// RunMessage: what another thread has for a run.

#ifndef CRECHE_THREADS_INTERNAL_RUN_MESSAGE_H_
#define CRECHE_THREADS_INTERNAL_RUN_MESSAGE_H_

namespace creche::internal {

// Something that is brought to the thread of a run. Whoever sends it keeps it
// until then.
class RunMessage {
 public:
  RunMessage() = default;
  RunMessage(const RunMessage&) = delete;
  RunMessage& operator=(const RunMessage&) = delete;

  // On the run's thread, between steps of tasks. May end the message's life.
  virtual void Deliver() noexcept = 0;

 protected:
  ~RunMessage() = default;

 private:
  friend class RunGate;

  RunMessage* next_ = nullptr;
};

}  // namespace creche::internal

#endif  // CRECHE_THREADS_INTERNAL_RUN_MESSAGE_H_
