// SPDX-License-Identifier: Apache-2.0

#include <uv.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "examples/guests/host_to_test.h"
#include "examples/guests/uv_loop.h"

namespace examples {
namespace {

class UvHost final : public HostToTest {
 public:
  UvHost() {
    uv_loop_init(&uv_);
    uv_timer_init(&uv_, &tick_);
    tick_.data = this;
    loop_.emplace(&uv_);
  }
  // Nothing may be left of what the adapter had.
  ~UvHost() override {
    loop_.reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&tick_), nullptr);
    uv_run(&uv_, UV_RUN_DEFAULT);
    if (uv_loop_close(&uv_) != 0) abort();
  }

  creche::HostLoop& loop() override { return *loop_; }
  void Run() override { uv_run(&uv_, UV_RUN_DEFAULT); }
  void Quit() override { uv_stop(&uv_); }

  void Tick(std::function<void()> f) override {
    on_tick_ = std::move(f);
    uv_timer_start(
        &tick_,
        [](uv_timer_t* timer) {
          static_cast<UvHost*>(timer->data)->on_tick_();
        },
        2, 2);
  }

 private:
  uv_loop_t uv_;
  uv_timer_t tick_;
  std::optional<UvLoop> loop_;
  std::function<void()> on_tick_;
};

}  // namespace

std::unique_ptr<HostToTest> MakeUvHost() { return std::make_unique<UvHost>(); }

}  // namespace examples
