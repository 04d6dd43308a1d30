// SPDX-License-Identifier: Apache-2.0
//
// The bug first: work that is started and let go, as std::thread::detach(),
// `spawn` or `go` invite to. Whoever gave it up has stopped waiting for it; it
// has not stopped. Then the same with a scope, which it cannot outlive.
//
//   bazel run //examples:broken_without_nursery

#include <chrono>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

struct Account {
  int moved = 0;
};

// ---- Without a nursery -----------------------------------------------------

// A timeout that returns while the work goes on. What it touches must be kept
// alive by a shared_ptr, its error has nowhere to go, and the caller who tries
// again has moved the money twice.
bool TransferWithTimeout(std::shared_ptr<Account> account,
                         std::chrono::milliseconds timeout) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> result = done->get_future();
  std::thread([account, done] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    account->moved += 100;
    done->set_value();
  }).detach();
  return result.wait_for(timeout) == std::future_status::ready;
}

void Broken() {
  std::cout << "Without a nursery:" << std::endl;
  auto account = std::make_shared<Account>();
  if (!TransferWithTimeout(account, std::chrono::milliseconds(50))) {
    std::cout << "  the caller gives up after 50ms, and says so" << std::endl;
  }
  // Here nobody can know what is still running. Wait, and see.
  while (account.use_count() > 1) std::this_thread::yield();
  std::cout << (account->moved == 0 ? "  nothing was moved"
                                    : "  the money has been moved anyway")
            << std::endl;
}

// ---- With one --------------------------------------------------------------

creche::Task<> Transfer(Account& account) {
  co_await creche::SleepFor(absl::Milliseconds(150));
  account.moved += 100;
}

// The audit is a child: it needs no one to wait for it, and yet it cannot be
// left behind. When the block ends, whatever was started in it has ended.
creche::Task<> Audit(const Account& account) {
  for (;;) {
    co_await creche::SleepFor(absl::Milliseconds(20));
    std::cout << "  audit: " << account.moved << " moved" << std::endl;
  }
}

creche::Task<absl::Status> TransferAndAudit(Account& account) {
  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    nursery.StartSoon(Audit, std::cref(account));
    co_await Transfer(account);
    nursery.Cancel("the transfer is done");
  };
  co_return co_await creche::WithNursery(body);
}

creche::Task<absl::Status> Main() {
  std::cout << "With a nursery:" << std::endl;
  Account account;  // On the stack: nothing can outlive it.
  const absl::Status status = co_await creche::FailAfter(
      absl::Milliseconds(50), TransferAndAudit(account));
  std::cout << "  the caller gives up: " << status << std::endl;
  co_await creche::SleepFor(absl::Milliseconds(300));
  std::cout << "  moved: " << account.moved << std::endl;
  co_return absl::OkStatus();
}

}  // namespace

int main() {
  Broken();
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
