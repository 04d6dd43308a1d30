// SPDX-License-Identifier: Apache-2.0
//
// Stage 8: why cancelling is hard. It races with completion; and what nobody
// waits for outlives what it uses.
//
//   bazel run //examples/walkthrough:08_cancelling

#include <liburing.h>
#include <sys/socket.h>

#include <atomic>
#include <coroutine>
#include <cstdio>
#include <deque>
#include <exception>
#include <set>
#include <thread>

#include "examples/walkthrough/clients.h"

namespace {

using walkthrough::Check;

io_uring ring;

// What became of the operation, and of the request to cancel it.
struct Outcome {
  int receive, cancel;
};

void StartReceive(int socket, char* byte) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  io_uring_prep_recv(entry, socket, byte, 1, 0);
  entry->user_data = 1;
  io_uring_submit(&ring);
}

// Asks the kernel to cancel, and waits for both answers.
Outcome CancelReceive() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(entry, /*user_data=*/1, 0);
  entry->user_data = 2;
  io_uring_submit(&ring);
  Outcome outcome = {};
  for (int i = 0; i < 2; ++i) {
    io_uring_cqe* completion = nullptr;
    Check(io_uring_wait_cqe(&ring, &completion), "io_uring_wait_cqe");
    (completion->user_data == 1 ? outcome.receive : outcome.cancel) =
        completion->res;
    io_uring_cqe_seen(&ring, completion);
  }
  return outcome;
}

void Print(const char* when, Outcome outcome) {
  std::printf("%s:\n  the cancel says: %s\n  the receive says: %s\n", when,
              outcome.cancel == 0 ? "cancelled" : "there is nothing to cancel",
              outcome.receive == 1 ? "here is a byte" : "it did not happen");
}

void CancelBeforeAndAfter(int sockets[2]) {
  char byte = 0;
  StartReceive(sockets[0], &byte);
  Print("cancelled before anything came", CancelReceive());

  StartReceive(sockets[0], &byte);
  Check(static_cast<int>(send(sockets[1], "x", 1, 0)), "send");
  Print("cancelled after a byte has come", CancelReceive());
}

// Another thread sends a byte while we cancel. Whoever comes first: the byte is
// where the receive's own result says.
void CancelMeanwhile(int sockets[2]) {
  constexpr int kRounds = 1000;
  std::atomic<int> round = 0;
  std::thread sender([&] {
    for (int i = 1; i <= kRounds; send(sockets[1], "x", 1, 0), ++i) {
      while (round.load() < i) std::this_thread::yield();
    }
  });
  int received = 0, in_socket = 0;
  for (int i = 1; i <= kRounds; ++i) {
    char byte = 0;
    StartReceive(sockets[0], &byte);
    round = i;
    if (i % 2 == 0) std::this_thread::yield();
    if (CancelReceive().receive == 1) {
      ++received;
    } else {
      in_socket += static_cast<int>(recv(sockets[0], &byte, 1, 0));
    }
  }
  sender.join();
  std::printf(
      "cancelled while a byte comes, %d times:\n"
      "  it had come about %d times, it came later about %d times; lost: %d\n",
      kRounds, received, in_socket, kRounds - received - in_socket);
}

// The loop of stage 5, and tasks that nobody waits for.
std::deque<std::coroutine_handle<>> ready;
struct Yield : std::suspend_always {
  void await_suspend(std::coroutine_handle<> caller) const {
    ready.push_back(caller);
  }
};
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// Stands for anything with an end: a buffer, a connection, `this`. Tasks know
// it by its number, so that they can look whether it is still there. (In a real
// program they have a reference, and undefined behaviour.)
std::set<int> living_sessions;

Detached WriteLog(int session, int& bugs) {
  for (int line = 0; line < 3; ++line) {
    if (living_sessions.count(session) == 0) ++bugs;
    co_await Yield();
  }
}

void ServeSession(int session, int& bugs) {
  living_sessions.insert(session);
  WriteLog(session, bugs);
  living_sessions.erase(session);  // As a destructor would.
}

}  // namespace

int main() {
  Check(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  int sockets[2];
  Check(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
  CancelBeforeAndAfter(sockets);
  CancelMeanwhile(sockets);
  io_uring_queue_exit(&ring);
  int bugs = 0;
  for (int session = 0; session < 10; ++session) ServeSession(session, bugs);
  for (; !ready.empty(); ready.pop_front()) ready.front().resume();
  std::printf("10 detached tasks used their session %d times after its end\n",
              bugs);
}
