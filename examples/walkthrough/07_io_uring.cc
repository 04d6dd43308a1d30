// SPDX-License-Identifier: Apache-2.0
//
// Stage 7: the echo server once more: as readable as stage 1, on one thread as
// stage 3. The loop hands operations to the kernel's io_uring, and hears when
// they are complete.
//
//   bazel run //examples/walkthrough:07_io_uring

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coroutine>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>

#include "examples/walkthrough/clients.h"

namespace {

using walkthrough::Check;

io_uring ring;
int under_way = 0, system_calls = 0;
std::deque<std::coroutine_handle<>> ready;

// An operation of the kernel, as something to co_await. It lives in the frame
// of the coroutine that waits for it.
struct Operation {
  std::coroutine_handle<> caller;
  int result = 0;  // Not negative, or -errno.
};

// `prepare` fills in what is to be done.
template <typename Prepare>
class Uring : private Operation {
 public:
  explicit Uring(Prepare prepare) : prepare_(prepare) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> suspended) {
    caller = suspended;
    // Into the submission queue: memory that we share with the kernel.
    io_uring_sqe* entry = io_uring_get_sqe(&ring);
    prepare_(entry);
    // Comes back with the completion.
    io_uring_sqe_set_data(entry, static_cast<Operation*>(this));
    ++under_way;
  }
  int await_resume() const { return result; }

 private:
  Prepare prepare_;
};

void Run() {
  for (;;) {
    while (!ready.empty()) {
      ready.front().resume();
      ready.pop_front();
    }
    if (under_way == 0) return;
    // One system call hands over all that was queued, and waits for the first
    // to complete.
    Check(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
    ++system_calls;
    // Those who have completed are in the completion queue: shared memory, too.
    unsigned head = 0, count = 0;
    io_uring_cqe* entry = nullptr;
    io_uring_for_each_cqe(&ring, head, entry) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(entry));
      operation->result = entry->res;
      ready.push_back(operation->caller);
      ++count;
    }
    io_uring_cq_advance(&ring, count);
    under_way -= static_cast<int>(count);
  }
}

// As in stage 6.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task Serve(int client) {
  char buffer[1024];
  for (;;) {
    const int size = co_await Uring([&](io_uring_sqe* entry) {
      io_uring_prep_recv(entry, client, buffer, sizeof(buffer), 0);
    });
    if (size <= 0) break;
    co_await Uring([&](io_uring_sqe* entry) {
      io_uring_prep_send(entry, client, buffer, static_cast<size_t>(size),
                         MSG_NOSIGNAL);
    });
  }
  close(client);
}

Task AcceptAll(int listener) {
  for (int i = 0; i < walkthrough::kClients; ++i) {
    const int client = co_await Uring([&](io_uring_sqe* entry) {
      io_uring_prep_accept(entry, listener, nullptr, nullptr, 0);
    });
    Serve(Check(client, "accept"));
  }
}

// A buffer is given to someone else while an operation is under way. (It is
// static: what happens here is wrong, but not undefined.)
void ReuseABufferTooEarly() {
  static char memory[16];
  int sockets[2];
  Check(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
  io_uring_prep_recv(io_uring_get_sqe(&ring), sockets[0], memory,
                     sizeof(memory), 0);
  io_uring_submit(&ring);
  std::strcpy(memory, "my own data");  // Nobody waits for that recv any more.
  std::printf("a buffer has a new owner, who writes: %s\n", memory);
  Check(static_cast<int>(send(sockets[1], "LATE", 4, 0)), "send");
  io_uring_cqe* completion = nullptr;
  Check(io_uring_wait_cqe(&ring, &completion), "io_uring_wait_cqe");
  io_uring_cqe_seen(&ring, completion);
  std::printf("the old operation completes; its new owner reads: %s\n", memory);
}

}  // namespace

int main() {
  Check(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  const int listener = walkthrough::Listen();
  walkthrough::Clients clients(listener);
  AcceptAll(listener);
  Run();
  clients.Report("coroutines on io_uring");
  std::printf("  with about %d system calls for %d operations\n\n",
              system_calls, walkthrough::kClients * 8);
  close(listener);
  ReuseABufferTooEarly();
  io_uring_queue_exit(&ring);
}
