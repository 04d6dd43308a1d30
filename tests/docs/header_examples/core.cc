// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/core/, compiled.

#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace core_examples {

struct Page {};
struct Url {};
creche::Task<Page> Fetch(Url) { co_return Page(); }
creche::Task<absl::StatusOr<Page>> FetchPage(Url) { co_return Page(); }
void Print(absl::string_view text) { std::cout << text; }
void Log(absl::string_view text) { std::cout << text; }
void Log(const absl::Status& status) { std::cout << status; }
creche::Task<> CancelOnKeyPress(creche::CancelScope& scope) {
  scope.Cancel();
  co_return;
}

creche::Task<> CancelScope(creche::Nursery& nursery, Url url) {
  creche::CancelScope scope;
  nursery.StartSoon(CancelOnKeyPress, std::ref(scope));
  std::optional<Page> page = co_await scope.Run(Fetch(url));
  if (scope.cancelled_caught()) Print(scope.reason());
  static_cast<void>(page);
}

struct Block {};
void Compress(const Block&) {}

creche::Task<> Checkpoint(const std::vector<Block>& blocks) {
  for (const Block& block : blocks) {
    Compress(block);
    co_await creche::Checkpoint();
  }
}

creche::Task<absl::Status> Converse(creche::TcpStream& stream) {
  co_return co_await stream.SendAll("HELO\r\n");
}

creche::Task<absl::Status> Cleanup(creche::TcpStream& stream) {
  auto bye = [&] { return stream.SendAll("QUIT\r\n"); };
  absl::Status status =
      co_await creche::WithCleanup(Converse(stream), bye, absl::Seconds(1));
  co_return status;
}

absl::Duration Clock() {
  absl::Time started = creche::Now();
  return creche::Now() - started;
}

struct User {};
struct Cart {};
creche::Task<absl::StatusOr<User>> FetchUser(int) { co_return User(); }
creche::Task<absl::StatusOr<Cart>> FetchCart(int) { co_return Cart(); }
struct Reply {};
creche::Task<Reply> Ask(int) { co_return Reply(); }

creche::Task<bool> Combinators(int id, int first, int second) {
  absl::StatusOr<std::tuple<User, Cart>> both =
      co_await creche::WhenAll(FetchUser(id), FetchCart(id));

  std::tuple<std::optional<Reply>, std::optional<Reply>> replies =
      co_await creche::Race(Ask(first), Ask(second));

  co_return both.ok() && std::get<0>(replies).has_value();
}

creche::Task<> ErrorGroup() {
  auto body = [](creche::Nursery&) -> creche::Task<> { co_return; };
  absl::Status status = co_await creche::WithNursery(body);
  for (const absl::Status& error : creche::Errors(status)) Log(error);
}

absl::Status Reconnect() { return absl::OkStatus(); }

creche::Task<absl::Status> Errors(creche::TcpStream& stream,
                                  std::string reply) {
  if (absl::Status sent = co_await stream.SendAll(reply); !sent.ok()) {
    if (creche::IsBrokenResource(sent)) co_return Reconnect();
    co_return sent;
  }
  co_return absl::OkStatus();
}

class StepCounter : public creche::Instrument {
 public:
  void StepBegins(const creche::TaskId&) override { ++steps; }
  int steps = 0;
};

creche::Task<> ReadRequests(creche::TcpStream&) { co_return; }
creche::Task<absl::Status> SendHeartbeats(creche::TcpStream& stream) {
  co_return co_await stream.SendAll(".");
}

creche::Task<absl::Status> Nursery(creche::TcpStream& stream) {
  absl::Status status = co_await creche::WithNursery(
      [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
        nursery.StartSoon(ReadRequests, std::ref(stream));
        nursery.StartSoon(SendHeartbeats, std::ref(stream));
        co_return absl::OkStatus();
      });
  // Here both have ended, and `status` says how.
  co_return status;
}

namespace named {

creche::Task<> Read(creche::TcpStream&) { co_return; }

void Named(creche::Nursery& nursery, creche::TcpStream& stream) {
  nursery.StartSoon(creche::Named("reader", Read), std::ref(stream));
}

}  // namespace named

class Gate {
 public:
  auto Wait() { return waiters_.Park(); }
  void Open() { waiters_.UnparkAll(); }

 private:
  creche::ParkingLot waiters_;
};

creche::Task<> Park(Gate& gate) { co_await gate.Wait(); }

creche::Task<int> Count() { co_return 1; }

creche::Task<bool> Results(absl::Duration limit) {
  creche::StatusOrOf<int> in_time =  // absl::StatusOr<int>
      co_await creche::FailAfter(limit, Count());
  creche::Completed<int> if_completed =  // std::optional<int>
      co_await creche::MoveOnAfter(limit, Count());
  co_return in_time.ok() && if_completed.has_value();
}

struct Document {};
creche::Task<absl::Status> Save(Document&) { co_return absl::OkStatus(); }

creche::Task<absl::Status> Shield(Document& document) {
  absl::Status saved = co_await creche::Shield(Save(document));
  co_return saved;
}

creche::Task<> Sleep() {
  co_await creche::SleepFor(absl::Milliseconds(100));
  Log("awake");
}

void Statistics() {
  std::cerr << creche::statistics().tasks_living << " tasks" << std::endl;
}

class Device {
 public:
  void OnData(std::function<void(int)> callback) { callback_ = callback; }
  void Forget() { callback_ = nullptr; }

 private:
  std::function<void(int)> callback_;
};

// A one-shot callback API as an operation of a task.
creche::Task<int> Read(Device& device) {
  int value = 0;
  creche::Waker waker;
  auto start = [&](creche::Waker w) {
    waker = std::move(w);
    device.OnData([&](int data) {
      value = data;
      waker.Wake();
    });
  };
  auto abort = [&] {
    device.Forget();
    return creche::Abort::kDone;
  };
  co_await creche::Suspend(start, abort);
  co_return value;
}

namespace task {

creche::Task<int> Answer() { co_return 42; }

creche::Task<> Main() {
  int answer = co_await Answer();
  std::cout << answer << "\n";
}

}  // namespace task

struct Request {};
creche::Task<> Handle(Request) { co_return; }

creche::TaskLocal<std::string> request_id;  // At namespace scope.

creche::Task<> TaskLocal(Request request) {
  co_await request_id.With("r-42", Handle(request));
}

void LogRequest() {
  Log(*request_id.Get());  // Anywhere below Handle().
}

creche::Task<> Handle(creche::TcpStream) { co_return; }

namespace task_status {

constexpr creche::Task<> (*Handle)(creche::TcpStream) = core_examples::Handle;

creche::Task<absl::Status> Serve(creche::TaskStatus<uint16_t> status) {
  auto listener = co_await creche::Try(creche::ListenTcp("::1", 0));
  status.Started(listener.port());
  co_return co_await creche::ServeTcp(std::move(listener), Handle);
}

creche::Task<absl::Status> StartServer(creche::Nursery& nursery) {
  absl::StatusOr<uint16_t> port = co_await nursery.Start<uint16_t>(Serve);
  co_return port.status();
}

}  // namespace task_status

struct Quote {};
creche::Task<Quote> FetchQuote() { co_return Quote(); }

creche::Task<bool> Timeouts(Url url) {
  std::optional<Quote> quote =
      co_await creche::MoveOnAfter(absl::Seconds(2), FetchQuote());
  absl::StatusOr<Page> page =
      co_await creche::FailAfter(absl::Seconds(5), FetchPage(url));
  co_return quote.has_value() && page.ok();
}

creche::Task<absl::Status> Greet() {
  creche::TcpStream stream =
      co_await creche::Try(creche::ConnectTcp("127.0.0.1", 80));
  co_await creche::Try(stream.SendAll("hello"));
  co_return absl::OkStatus();
}

// first_success.h

creche::Task<absl::StatusOr<Reply>> Ask(const std::string& replica);

[[maybe_unused]] creche::Task<absl::Status> FirstSuccessExample(
    std::vector<std::string>& replicas) {
  // A request to one replica, and a little later to another.
  auto second = [&]() -> creche::Task<absl::StatusOr<Reply>> {
    co_await creche::SleepFor(absl::Milliseconds(50));
    co_return co_await Ask(replicas[1]);
  };
  Reply reply =
      co_await creche::Try(creche::FirstSuccess(Ask(replicas[0]), second));
  static_cast<void>(reply);
  co_return absl::OkStatus();
}

// function.h

creche::Task<absl::Status> Get(std::string key);

[[maybe_unused]] creche::Task<absl::Status> FunctionExample() {
  using Command = creche::Function<absl::Status(std::string)>;
  std::map<std::string, Command> commands;
  commands["get"] = [&](std::string key) -> creche::Task<absl::Status> {
    co_return co_await Get(std::move(key));
  };
  co_await creche::Try(commands["get"]("key"));
  co_return absl::OkStatus();
}

// wait_context.h

class Crossing : public creche::ParkingOperation<Crossing> {
  using Base = creche::ParkingOperation<Crossing>;

 public:
  static constexpr const char* kName = "Crossing";

  Crossing(creche::ParkingLot& lot, int& waiting)
      : lot_(lot), waiting_(waiting) {}

  bool TryComplete() { return false; }
  creche::ParkingLot& lot() { return lot_; }
  void await_resume() {}

  void Enter(const creche::WaitContext& context) {
    ++waiting_;
    Base::Enter(context);
  }
  void Leave() {
    --waiting_;
    Base::Leave();
  }

 private:
  creche::ParkingLot& lot_;
  int& waiting_;
};

[[maybe_unused]] creche::Task<> WaitContextExample(creche::ParkingLot& lot,
                                                   int& waiting) {
  co_await Crossing(lot, waiting);
}

}  // namespace core_examples
