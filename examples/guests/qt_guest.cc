// SPDX-License-Identifier: Apache-2.0
//
// A program of Qt, and tasks in its event loop. One with windows has a
// QApplication, and is no different.
//
//   bazel run //examples/guests:qt_guest

#include <QCoreApplication>
#include <QTimer>
#include <iostream>

#include "absl/status/status.h"
#include "creche/guest_run.h"
#include "examples/guests/answering_tasks.h"
#include "examples/guests/qt_loop.h"

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  QTimer timer;
  QObject::connect(&timer, &QTimer::timeout,
                   [] { std::cout << "Qt: tick" << std::endl; });
  timer.start(10);
  absl::Status result;
  examples::QtLoop host;
  creche::GuestRun guest({}, host, examples::AnsweringTasks,
                         [&](absl::Status status) {
                           result = status;
                           QCoreApplication::quit();
                         });
  QCoreApplication::exec();
  std::cout << "the guest has ended: " << result << std::endl;
  return result.ok() ? 0 : 1;
}
