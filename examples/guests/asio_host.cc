// SPDX-License-Identifier: Apache-2.0

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "examples/guests/asio_loop.h"
#include "examples/guests/host_to_test.h"

namespace examples {
namespace {

class AsioHost final : public HostToTest {
 public:
  creche::HostLoop& loop() override { return loop_; }

  // By single steps: stop() would end the outer loop, too.
  void Run() override {
    const std::size_t depth = ++depth_;
    while (depth_ >= depth && context_.run_one() > 0) {
    }
  }
  void Quit() override { --depth_; }

  void Tick(std::function<void()> f) override {
    on_tick_ = std::move(f);
    WaitForTick();
  }

 private:
  void WaitForTick() {
    tick_.expires_after(std::chrono::milliseconds(2));
    tick_.async_wait([this](std::error_code error) {
      if (error) return;
      WaitForTick();
      on_tick_();
    });
  }

  asio::io_context context_;
  std::size_t depth_ = 0;
  std::function<void()> on_tick_;
  asio::steady_timer tick_{context_};
  AsioLoop loop_{context_};
};

}  // namespace

std::unique_ptr<HostToTest> MakeAsioHost() {
  return std::make_unique<AsioHost>();
}

}  // namespace examples
