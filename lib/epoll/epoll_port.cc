// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/epoll_port.h"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "lib/epoll/receive_into_blocks.h"
#include "lib/uring/block_ring.h"

namespace creche::internal {
namespace {

// What poll() and epoll call the same has the same number.
static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLPRI == EPOLLPRI &&
              POLLERR == EPOLLERR && POLLHUP == EPOLLHUP &&
              POLLRDHUP == EPOLLRDHUP);

// So much is received in a round, as far as the last one tells, that the tasks
// find it in the cache. What is left is told again.
constexpr size_t kBytesAtOnce = size_t{128} << 10;

constexpr size_t kMostEvents = 128;

size_t EventsAtOnce(size_t events, size_t received) {
  if (received == 0) return kMostEvents;
  return std::clamp(kBytesAtOnce * events / received, size_t{1}, kMostEvents);
}

// While operations complete at once, the kernel is asked for events only now
// and then.
constexpr int kRoundsWithoutLook = 4;

// So many batches of tasks in a row that no event came for are a run whose
// tasks keep each other busy. It is not to pay for a system call with each
// switch of tasks, but for one in a few microseconds.
constexpr int kMostLooksInVain = 64;
constexpr std::uint64_t kCyclesBetweenLooks = 16'384;

// The result where a thread is needed, and there is none: as io_uring has it.
constexpr int kNoThread = -ECANCELED;

}  // namespace

absl::Status EpollPort::Open() {
  if (absl::Status opened = set_.Open(); !opened.ok()) return opened;
  is_notified_ = false;
  set_is_idle(true);
  return absl::OkStatus();
}

void EpollPort::Close() {
  if (pending_ != 0) {
    Misuse("a run has ended with kernel operations under way");
  }
  EndBackground();
  threads_.Stop();
  if (blocks_ != nullptr) std::exchange(blocks_, nullptr)->Close();
  watches_.Clear();
  spare_.clear();
  set_.Close();
}

void EpollPort::EndBackground() {
  std::vector<Operation*> left;
  for (auto& [operation, state] : under_way_) left.push_back(operation);
  for (Operation* operation : left) Cancel(*operation);
  while (in_background_ > 0) Wait(absl::InfiniteDuration());
}

void EpollPort::Notify() {
  is_notified_ = true;
  set_.Notify();
}

UringFeatures EpollPort::features() {
  UringFeatures features = UringFeatures::None();
  features.poll_first = features_.poll_first;
  features.multishot_receive = features_.multishot_receive;
  return features;
}

BlockRing* EpollPort::blocks() {
  if (blocks_ == nullptr && features_.multishot_receive) {
    blocks_ = BlockRing::OpenWithoutRing();
  }
  return blocks_;
}

// The other loop watches this instance, which so cannot be made anew.
absl::StatusOr<int> EpollPort::OpenWaitDescriptor() {
  watches_.KeepSet();
  return set_.fd();
}

int EpollPort::Names::Listen(int fd, int backlog) {
  const int result = SocketNames::Listen(fd, backlog);
  if (result == 0) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return result;
}

// --- Starting and ending operations

void EpollPort::Count(const Operation& operation, int change) {
  size_t& count = operation.is_background() ? in_background_ : pending_;
  count += static_cast<size_t>(change);
  set_is_idle(pending_ + in_background_ == 0);
}

void EpollPort::Start(Operation& operation, const io_uring_sqe& entry) {
  OperationResult completed;
  Count(operation, 1);
  if (Begin(operation, entry, completed)) {
    due_.push_back({&operation, completed});
  }
}

bool EpollPort::StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                            OperationResult& completed) {
  Count(operation, 1);
  if (!Begin(operation, entry, completed)) return false;
  Count(operation, -1);
  return true;
}

// Returns true if that was all.
bool EpollPort::Begin(Operation& operation, const io_uring_sqe& entry,
                      OperationResult& completed) {
  io_uring_sqe own = entry;
  Moved(own) = 0;
  const bool is_multishot = blocks_ != nullptr && operation.is_background() &&
                            ReceivesIntoBlocks(entry);
  // What receives all that will come has time to wait for it first.
  const Attempt attempt =
      is_multishot ? Attempt::Wait(EPOLLIN) : TryNow(own, /*ready=*/0);
  completed = {attempt.result, attempt.flags};
  if (attempt.next == Attempt::Next::kDone) return true;
  UnderWay& state = Remember(operation);
  state.entry = own;
  state.fd = own.fd;
  state.is_lasting = is_multishot;
  const int error = PutAside(state, attempt);
  if (error == 0) return false;
  completed = {ResultWithMoved(own, error), 0};
  Forget(operation);
  return true;
}

EpollPort::UnderWay& EpollPort::Remember(Operation& operation) {
  UnderWay* state = nullptr;
  if (spare_.empty()) {
    state = &under_way_[&operation];
  } else {
    UnderWayMap::node_type node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = &operation;
    state = &under_way_.insert(std::move(node)).position->second;
    std::destroy_at(state);
    std::construct_at(state);
  }
  state->operation = &operation;
  return *state;
}

void EpollPort::Forget(Operation& operation) {
  spare_.push_back(under_way_.extract(&operation));
}

// Until the descriptor is ready, or a thread is. Returns 0 or a negated errno.
int EpollPort::PutAside(UnderWay& operation, const Attempt& attempt) {
  if (attempt.next == Attempt::Next::kWait) {
    const int error = watches_.Start(operation, attempt.events);
    if (error != -EPERM) return error;
    // Its file is always ready, for all that epoll can tell.
  }
  return threads_.Start(operation) ? 0 : kNoThread;
}

void EpollPort::End(UnderWay& operation, OperationResult result) {
  if (operation.is_waiting()) watches_.Stop(operation);
  CancelRequests::Remove(*operation.operation);
  due_.push_back({operation.operation, result});
  Forget(*operation.operation);
}

void EpollPort::Cancel(Operation& operation) {
  const auto found = under_way_.find(&operation);
  if (found == under_way_.end()) return;  // Its completion is due.
  UnderWay& state = found->second;
  if (state.is_waiting() || threads_.Withdraw(state)) {
    return End(state, {ResultWithMoved(state.entry, -ECANCELED), 0});
  }
  cancelled_.Add(operation);
  cancelled_.Answered(-EALREADY, CancelRequests::Clock::now());
}

// The signal may have come too early.
void EpollPort::InterruptAgain() {
  if (!cancelled_.is_to_ask_again()) return;
  const CancelRequests::Clock::time_point now = CancelRequests::Clock::now();
  cancelled_.AskAgain(now, [this](Operation& operation) {
    threads_.Withdraw(under_way_.at(&operation));
  });
  cancelled_.Answered(-EALREADY, now);
}

// --- Hearing of what has happened

void EpollPort::Poll() {
  if (!under_way_.empty() && IsTimeToLook()) {
    InterruptAgain();
    Look(absl::ZeroDuration());
    rounds_without_look_ = 0;
    looks_in_vain_ = due_.empty() ? looks_in_vain_ + 1 : 0;
  }
  Deliver();
}

bool EpollPort::IsTimeToLook() {
  if (!due_.empty()) return ++rounds_without_look_ >= kRoundsWithoutLook;
  if (looks_in_vain_ < kMostLooksInVain || !counts_cycles_) return true;
  looks_in_vain_ = kMostLooksInVain;
  const std::uint64_t now = CycleCounter::Read();
  if (now - looked_at_ < kCyclesBetweenLooks) return false;
  looked_at_ = now;
  return true;
}

// Returns only when there is something to tell, for what looks like an event
// but is none would have the run believe that something had happened.
void EpollPort::Wait(absl::Duration at_most) {
  if (!due_.empty()) return Poll();
  looks_in_vain_ = 0;
  using Clock = CancelRequests::Clock;
  const Clock::time_point start = Clock::now();
  absl::Duration left = at_most;
  while (left > absl::ZeroDuration()) {
    InterruptAgain();
    const absl::Duration until_again = cancelled_.TimeLeft(Clock::now());
    if (Look(std::min(left, until_again)) || !due_.empty()) break;
    left = at_most - absl::FromChrono(Clock::now() - start);
  }
  Deliver();
}

absl::Duration EpollPort::PollToWait() {
  looks_in_vain_ = 0;
  InterruptAgain();
  const bool is_notified = Look(absl::ZeroDuration());
  if (is_notified || !due_.empty()) {
    Deliver();
    return absl::ZeroDuration();
  }
  return cancelled_.TimeLeft(CancelRequests::Clock::now());
}

// Returns true if Notify() was called.
bool EpollPort::Look(absl::Duration at_most) {
  bool is_notified = false;
  epoll_event events[kMostEvents];
  received_ = 0;
  const size_t count = set_.Take(events, events_at_once_, at_most);
  for (size_t i = 0; i < count; ++i) {
    if (set_.IsNotification(events[i])) {
      is_notified = is_notified_.exchange(false);
      TakeFromThreads();
    } else {
      watches_.OnEvent(events[i]);
    }
  }
  if (count > 0) events_at_once_ = EventsAtOnce(count, received_);
  watches_.DropStrangers();
  return is_notified;
}

EpollWatches::Tried EpollPort::TryAgain(EpollWatches::Waiter& waiter,
                                        unsigned ready) {
  using Tried = EpollWatches::Tried;
  auto& operation = static_cast<UnderWay&>(waiter);
  const Attempt attempt = operation.is_lasting
                              ? TryReceiveIntoBlock(operation.entry, *blocks_)
                              : TryNow(operation.entry, ready);
  switch (attempt.next) {
    case Attempt::Next::kDone:
      End(operation, {attempt.result, attempt.flags});
      return Tried::kLeft;
    case Attempt::Next::kMore:
      received_ += static_cast<size_t>(attempt.result);
      due_.push_back({operation.operation, {attempt.result, attempt.flags}});
      operation.events = attempt.events;
      return Tried::kCame;
    case Attempt::Next::kWait:
      operation.events = attempt.events;
      return Tried::kInVain;
    case Attempt::Next::kThread:
      watches_.Stop(operation);
      if (const int error = PutAside(operation, attempt); error != 0) {
        GiveUp(operation, error);
      }
      return Tried::kLeft;
  }
  return Tried::kLeft;
}

void EpollPort::GiveUp(EpollWatches::Waiter& waiter, int error) {
  auto& operation = static_cast<UnderWay&>(waiter);
  End(operation, {ResultWithMoved(operation.entry, error), 0});
}

void EpollPort::TakeFromThreads() {
  threads_.TakeFinished(finished_);
  for (WorkerThreads::Job* job : finished_) {
    End(*static_cast<UnderWay*>(job), {job->result, 0});
  }
  finished_.clear();
}

// What a completion starts, and that ends at once, is for the next round.
void EpollPort::Deliver() {
  in_delivery_.swap(due_);
  for (const Completion& completion : in_delivery_) {
    const bool is_last = (completion.result.flags & IORING_CQE_F_MORE) == 0;
    if (is_last) Count(*completion.operation, -1);
    completion.operation->Completed(completion.result.result,
                                    completion.result.flags);
  }
  in_delivery_.clear();
}

}  // namespace creche::internal
