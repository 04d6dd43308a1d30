// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/ring.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "lib/uring/setup_error.h"

namespace creche::internal {
namespace {

constexpr unsigned kMaxEntries = 32768;

// The completion queue cannot lose anything, a wait can have a timeout, and
// sockets that are not ready are polled instead of keeping a thread busy.
constexpr unsigned kNeeded =
    IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_FAST_POLL;

// A ring may get the memory that another thread's ring has just given back. The
// kernel has them in order; ThreadSanitizer, which does not see liburing's
// system calls, would call it a race. Counting orders them for it, too.
std::atomic<unsigned> open_rings = 0;

// When a ring was closed last.
using SteadyClock = std::chrono::steady_clock;
std::atomic<SteadyClock::time_point> last_closed = SteadyClock::time_point();

// Operations on files that wait in the kernel each need a thread of it. Left to
// itself it makes four for each processor, and when so many wait for the other
// end of a FIFO, all others wait for them.
constexpr unsigned kMaxFileWorkers = 1024;

// Sets of flags to try, the best first. Each is a subset of the one before it.
std::vector<unsigned> FlagsToTry(const UringFeatures& features) {
  const unsigned coop = features.coop_taskrun ? IORING_SETUP_COOP_TASKRUN |
                                                    IORING_SETUP_TASKRUN_FLAG
                                              : 0;
  const unsigned single =
      features.single_issuer ? IORING_SETUP_SINGLE_ISSUER : 0;
  const unsigned defer = features.defer_taskrun && coop != 0 && single != 0
                             ? IORING_SETUP_DEFER_TASKRUN
                             : 0;
  const unsigned all = features.submit_all ? IORING_SETUP_SUBMIT_ALL : 0;
  std::vector<unsigned> flags = {
      IORING_SETUP_CLAMP | all | coop | single | defer,
      IORING_SETUP_CLAMP | all | coop | single, IORING_SETUP_CLAMP | all | coop,
      IORING_SETUP_CLAMP | all, IORING_SETUP_CLAMP};
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  return flags;
}

// The best set of flags that this kernel knows. Returns 0 or -errno.
int SetUpWithBestFlags(unsigned entries, const UringFeatures& features,
                       Ring::SetupFunction setup, io_uring* ring,
                       io_uring_params* params) {
  int result = -EINVAL;
  for (unsigned flags : FlagsToTry(features)) {
    *params = {};
    params->flags = flags;
    result = setup(entries, ring, params);
    if (result != -EINVAL) break;
  }
  return result;
}

// The kernel frees the memory of a ring some time after the ring was closed,
// and until then counts it against the user's locked memory: a program that
// makes many short runs needs patience.
constexpr std::chrono::milliseconds kPatience{64};  // In any case.
// For so long after this process has closed a ring, its memory may still come.
constexpr std::chrono::milliseconds kLateness{500};
constexpr std::chrono::seconds kLongestPatience{10};

// Whether it is too early to give up, for a thread that found no memory first
// at `since`.
bool MayGetMemory(SteadyClock::time_point since) {
  const SteadyClock::time_point now = SteadyClock::now();
  if (now - since < kPatience) return true;
  return now - since < kLongestPatience &&
         now - last_closed.load(std::memory_order_relaxed) < kLateness;
}

// Where patience does not help, a smaller ring may do: its size limits only how
// much goes to the kernel at once.
int SetUpWithPatience(SteadyClock::time_point since, unsigned entries,
                      const UringFeatures& features, Ring::SetupFunction setup,
                      io_uring* ring, io_uring_params* params) {
  constexpr absl::Duration kLongestPause = absl::Milliseconds(8);
  constexpr unsigned kFewEntries = 64;
  absl::Duration pause = absl::Milliseconds(1);
  for (;;) {
    const int result =
        SetUpWithBestFlags(entries, features, setup, ring, params);
    if (result != -ENOMEM) return result;
    if (MayGetMemory(since)) {
      absl::SleepFor(pause);
      pause = std::min(2 * pause, kLongestPause);
    } else if (entries > kFewEntries) {
      entries /= 2;
    } else {
      return result;
    }
  }
}

// Waits for the lock until `end` at most: in a process that was forked while
// another thread had the lock, nobody unlocks it. (A std::timed_mutex would do,
// but g++ 12's ThreadSanitizer does not see pthread_mutex_clocklock().)
std::unique_lock<std::mutex> LockUntil(SteadyClock::time_point end,
                                       std::mutex& mutex) {
  std::unique_lock lock(mutex, std::try_to_lock);
  while (!lock.owns_lock() && SteadyClock::now() < end) {
    absl::SleepFor(absl::Milliseconds(1));
    (void)lock.try_lock();
  }
  return lock;
}

// Threads wait for memory in turn: otherwise, of many that take what becomes
// free as soon as it does, some would get none.
int SetUpInTurn(unsigned entries, const UringFeatures& features,
                Ring::SetupFunction setup, io_uring* ring,
                io_uring_params* params) {
  static std::mutex turn;
  static std::atomic<int> waiting = 0;
  if (waiting.load(std::memory_order_relaxed) == 0) {
    const int result =
        SetUpWithBestFlags(entries, features, setup, ring, params);
    if (result != -ENOMEM) return result;
  }
  const SteadyClock::time_point since = SteadyClock::now();
  waiting.fetch_add(1, std::memory_order_relaxed);
  const std::unique_lock lock = LockUntil(since + kLongestPatience, turn);
  const int result =
      SetUpWithPatience(since, entries, features, setup, ring, params);
  waiting.fetch_sub(1, std::memory_order_relaxed);
  return result;
}

__kernel_timespec ToKernelTimespec(absl::Duration duration) {
  // Rounded up: to wake too early would be to wait twice. And never 0, which
  // takes the kernel far longer than not to wait.
  const timespec time =
      absl::ToTimespec(absl::Ceil(duration, absl::Nanoseconds(1)));
  __kernel_timespec kernel_time = {};
  kernel_time.tv_sec = time.tv_sec;
  kernel_time.tv_nsec = time.tv_nsec;
  return kernel_time;
}

void CheckEntered(int result) {
  if (result >= 0) return;
  switch (-result) {
    case EINTR:   // A signal.
    case ETIME:   // The timeout.
    case EAGAIN:  // Memory is short, or completions wait to be taken: the next
    case EBUSY:   // time will do.
      return;
    default:
      Misuse(absl::StrCat(
          "io_uring_enter failed unexpectedly: ", std::strerror(-result),
          " (was the ring's file descriptor closed, or the system call "
          "forbidden meanwhile?)"));
  }
}

}  // namespace

absl::Status Ring::Open(unsigned entries, const UringFeatures& features,
                        SetupFunction setup) {
  entries = std::clamp(entries, 1U, kMaxEntries);
  io_uring_params params = {};
  const int result = SetUpInTurn(entries, features, setup, &ring_, &params);
  if (result < 0) return SetupError(-result, ReadIoUringDisabled());
  open_rings.fetch_add(1, std::memory_order_acq_rel);
  is_open_ = true;
  // A sandbox may allow only the first of the system calls.
  if (const int entered = io_uring_get_events(&ring_); entered < 0) {
    Close();
    return SetupError(-entered, ReadIoUringDisabled());
  }
  if ((params.features & kNeeded) != kNeeded) {
    Close();
    return TooOldError();
  }
  can_skip_success_ =
      features.skip_success && (params.features & IORING_FEAT_CQE_SKIP) != 0;
  // This and the next fail on older kernels, where the descriptor does, and the
  // kernel's own limit has to.
  if (features.registered_ring) io_uring_register_ring_fd(&ring_);
  unsigned workers[2] = {kMaxFileWorkers, /*others=*/0};
  io_uring_register_iowq_max_workers(&ring_, workers);
  Probe(features);
  return absl::OkStatus();
}

// There is no way to ask for a flag of an operation. A kernel that has an
// operation of the same release has the flag.
void Ring::Probe(const UringFeatures& wanted) {
  features_ = UringFeatures::None();
  const std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe(
      io_uring_get_probe_ring(&ring_), &io_uring_free_probe);
  if (probe == nullptr) return;
  const bool is_5_19 =
      io_uring_opcode_supported(probe.get(), IORING_OP_SOCKET) != 0;
  const bool is_6_0 =
      io_uring_opcode_supported(probe.get(), IORING_OP_SEND_ZC) != 0;
  const bool is_6_1 =
      io_uring_opcode_supported(probe.get(), IORING_OP_SENDMSG_ZC) != 0;
  features_.multishot_accept = wanted.multishot_accept && is_5_19;
  features_.multishot_receive = wanted.multishot_receive && is_6_0;
  features_.poll_first = wanted.poll_first && is_5_19;
  features_.send_all = wanted.send_all && is_6_1;
}

void Ring::Close() {
  if (!is_open_) return;
  is_open_ = false;
  open_rings.fetch_sub(1, std::memory_order_acq_rel);
  io_uring_queue_exit(&ring_);
  last_closed.store(SteadyClock::now(), std::memory_order_relaxed);
}

io_uring_sqe& Ring::Queue(const io_uring_sqe& entry) {
  io_uring_sqe* slot = io_uring_get_sqe(&ring_);
  while (slot == nullptr) {
    const int result = io_uring_submit(&ring_);
    CheckEntered(result);
    if (result < 0) MakeRoomForCompletions();
    slot = io_uring_get_sqe(&ring_);
  }
  return *slot = entry;
}

void Ring::EnterToSubmit() {
  CheckEntered(io_uring_submit_and_get_events(&ring_));
}

void Ring::EnterToFinish() { CheckEntered(io_uring_get_events(&ring_)); }

void Ring::SubmitAndWait(absl::Duration at_most) {
  if (taken_again_ < taken_early_.size()) return Submit();
  io_uring_cqe* first = nullptr;
  if (at_most == absl::InfiniteDuration()) {
    CheckEntered(
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, nullptr, nullptr));
  } else {
    __kernel_timespec timeout = ToKernelTimespec(at_most);
    CheckEntered(
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr));
  }
}

size_t Ring::Take(Completion* completions, size_t size) {
  if (taken_again_ == taken_early_.size()) {
    return TakeFromQueue(completions, size);
  }
  size = std::min(size, taken_early_.size() - taken_again_);
  std::copy_n(taken_early_.begin() + static_cast<ptrdiff_t>(taken_again_), size,
              completions);
  taken_again_ += size;
  if (taken_again_ == taken_early_.size()) {
    taken_early_.clear();
    taken_again_ = 0;
  }
  return size;
}

size_t Ring::TakeFromQueue(Completion* completions, size_t size) {
  size_t count = 0;
  unsigned head = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(&ring_, head, completion) {
    if (count == size) break;
    completions[count++] = {completion->user_data, completion->res,
                            completion->flags};
  }
  io_uring_cq_advance(&ring_, static_cast<unsigned>(count));
  return count;
}

bool Ring::SubmitAndTake(std::uint64_t user_data, Completion& completion) {
  CheckEntered(io_uring_submit(&ring_));
  bool found = false;
  Completion batch[16];
  while (const size_t count = TakeFromQueue(batch, std::size(batch))) {
    for (size_t i = 0; i < count; ++i) {
      if (batch[i].user_data == user_data &&
          (batch[i].flags & IORING_CQE_F_MORE) == 0) {
        completion = batch[i];
        found = true;
      } else {
        taken_early_.push_back(batch[i]);
      }
    }
  }
  return found;
}

// The kernel refuses entries while completions wait for room in the queue.
// Called in the middle of a task's step, when nothing may be delivered.
void Ring::MakeRoomForCompletions() {
  Completion batch[64];
  do {
    CheckEntered(io_uring_get_events(&ring_));
    while (const size_t count = TakeFromQueue(batch, std::size(batch))) {
      taken_early_.insert(taken_early_.end(), batch, batch + count);
    }
  } while (io_uring_cq_has_overflow(&ring_));
}

}  // namespace creche::internal
