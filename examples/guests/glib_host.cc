// SPDX-License-Identifier: Apache-2.0

#include <glib.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "examples/guests/glib_loop.h"
#include "examples/guests/host_to_test.h"

namespace examples {
namespace {

class GLibHost final : public HostToTest {
 public:
  GLibHost() : context_(g_main_context_new()) { loop_.emplace(context_); }
  ~GLibHost() override {
    loop_.reset();
    if (tick_ != nullptr) {
      g_source_destroy(tick_);
      g_source_unref(tick_);
    }
    g_main_context_unref(context_);
  }

  creche::HostLoop& loop() override { return *loop_; }

  void Run() override {
    GMainLoop* loop = g_main_loop_new(context_, FALSE);
    running_.push_back(loop);
    g_main_loop_run(loop);
    running_.pop_back();
    g_main_loop_unref(loop);
  }
  void Quit() override { g_main_loop_quit(running_.back()); }

  void Tick(std::function<void()> f) override {
    on_tick_ = std::move(f);
    tick_ = g_timeout_source_new(2);
    g_source_set_callback(tick_, &GLibHost::OnTick, this, nullptr);
    g_source_attach(tick_, context_);
  }

 private:
  static gboolean OnTick(gpointer host) {
    static_cast<GLibHost*>(host)->on_tick_();
    return G_SOURCE_CONTINUE;
  }

  GMainContext* const context_;
  std::optional<GLibLoop> loop_;
  std::vector<GMainLoop*> running_;
  GSource* tick_ = nullptr;
  std::function<void()> on_tick_;
};

}  // namespace

std::unique_ptr<HostToTest> MakeGLibHost() {
  return std::make_unique<GLibHost>();
}

}  // namespace examples
