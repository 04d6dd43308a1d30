// SPDX-License-Identifier: Apache-2.0
//
// QtLoop: an event loop of Qt as the host of runs.
//
//   QCoreApplication application(argc, argv);
//   examples::QtLoop host;
//   creche::GuestRun guest({}, host, Main, [](absl::Status) {
//     QCoreApplication::quit();
//   });
//   QCoreApplication::exec();
//
// Compile with -DQT_NO_KEYWORDS: `signals` and `slots` are names in creche.

#ifndef EXAMPLES_GUESTS_QT_LOOP_H_
#define EXAMPLES_GUESTS_QT_LOOP_H_

#include <QObject>
#include <QSocketNotifier>
#include <QTimer>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/guest_run.h"
#include "examples/guests/timer_queue.h"

namespace examples {

// The loop of the thread that makes it. Tasks may run a QEventLoop (a modal
// dialog): their run then waits for them.
class QtLoop final : public creche::HostLoop {
 public:
  QtLoop() {
    timer_.setSingleShot(true);
    timer_.setTimerType(Qt::PreciseTimer);
    QObject::connect(&timer_, &QTimer::timeout, &timer_, [this] { OnTimer(); });
  }

  void WatchReadable(int fd, absl::AnyInvocable<void()> f) override {
    Notifier notifier(new QSocketNotifier(fd, QSocketNotifier::Read));
    // Qt copies what it calls.
    auto shared = std::make_shared<Callback>(std::move(f));
    QObject::connect(notifier.get(), &QSocketNotifier::activated,
                     [shared = std::move(shared)] { (*shared)(); });
    watched_.emplace(fd, std::move(notifier));
  }

  void Unwatch(int fd) override { watched_.erase(fd); }

  void CallAt(absl::Time time, absl::AnyInvocable<void()> f) override {
    timers_.Add(time, std::move(f));
    SetTimer();
  }

  // Not as an event: Qt handles those that events post, too, before it looks at
  // anything else.
  void CallSoon(absl::AnyInvocable<void()> f) override {
    CallAt(absl::Now(), std::move(f));
  }

 private:
  using Callback = absl::AnyInvocable<void()>;

  // The notifier may be what calls.
  struct DeleteLater {
    void operator()(QSocketNotifier* notifier) const {
      notifier->setEnabled(false);
      notifier->deleteLater();
    }
  };
  using Notifier = std::unique_ptr<QSocketNotifier, DeleteLater>;

  void SetTimer() {
    if (timers_.empty()) return;
    constexpr std::int64_t kLongest = std::numeric_limits<std::int32_t>::max();
    timer_.start(static_cast<int>(timers_.MillisecondsToNext(0, kLongest)));
  }

  void OnTimer() {
    const auto now = TimerQueue::Clock::now();
    while (std::optional<Callback> f = timers_.TakeDue(now)) {
      SetTimer();
      (*f)();
    }
    SetTimer();
  }

  QTimer timer_;
  std::map<int, Notifier> watched_;
  TimerQueue timers_;
};

}  // namespace examples

#endif  // EXAMPLES_GUESTS_QT_LOOP_H_
