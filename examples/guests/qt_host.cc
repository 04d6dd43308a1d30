// SPDX-License-Identifier: Apache-2.0

#include <QCoreApplication>
#include <QEventLoop>
#include <QTimer>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "examples/guests/host_to_test.h"
#include "examples/guests/qt_loop.h"

namespace examples {
namespace {

class QtHost final : public HostToTest {
 public:
  creche::HostLoop& loop() override { return loop_; }

  void Run() override {
    QEventLoop loop;
    running_.push_back(&loop);
    loop.exec();
    running_.pop_back();
  }
  void Quit() override { running_.back()->quit(); }

  void Tick(std::function<void()> f) override {
    QObject::connect(&tick_, &QTimer::timeout, std::move(f));
    tick_.start(2);
  }

 private:
  // It keeps a reference to the count.
  int argc_ = 1;
  char name_[5] = "test";
  char* argv_[2] = {name_, nullptr};
  QCoreApplication application_{argc_, argv_};
  std::vector<QEventLoop*> running_;
  QTimer tick_;
  QtLoop loop_;
};

}  // namespace

std::unique_ptr<HostToTest> MakeQtHost() { return std::make_unique<QtHost>(); }

}  // namespace examples
