// SPDX-License-Identifier: Apache-2.0
//
// Stage 3: all clients on one thread, with readiness and callbacks. What was a
// loop with local variables becomes a state machine, by hand.
//
//   bazel run //examples/walkthrough:03_callbacks

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <list>
#include <vector>

#include "examples/walkthrough/clients.h"

namespace {

using walkthrough::Check;

// One client. Serve() of stage 1, turned inside out: what were its local
// variables are members, and `state_` is the line where it stands.
class Connection {
 public:
  explicit Connection(int client) : client_(client) {
    Check(fcntl(client, F_SETFL, O_NONBLOCK), "fcntl");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(client_); }

  // What the loop should wait for on behalf of this connection.
  pollfd Interest() const {
    const bool receives = state_ == State::kReceiving;
    return {client_, static_cast<short>(receives ? POLLIN : POLLOUT), 0};
  }

  // Called when that has come. Goes as far as it can without waiting. Returns
  // false when the client has gone away.
  bool OnReady() {
    for (;;) {
      if (state_ == State::kReceiving) {
        const ssize_t size = recv(client_, buffer_, sizeof(buffer_), 0);
        if (size < 0 && errno == EAGAIN) return true;
        if (size <= 0) return false;
        size_ = static_cast<size_t>(size);
        sent_ = 0;
        state_ = State::kSending;
      } else {
        const ssize_t size =
            send(client_, buffer_ + sent_, size_ - sent_, MSG_NOSIGNAL);
        if (size < 0 && errno == EAGAIN) return true;
        if (size < 0) return false;
        sent_ += static_cast<size_t>(size);
        if (sent_ == size_) state_ = State::kReceiving;
      }
    }
  }

 private:
  enum class State { kReceiving, kSending };

  const int client_;
  State state_ = State::kReceiving;
  char buffer_[1024];
  size_t size_ = 0;
  size_t sent_ = 0;
};

class Loop {
 public:
  explicit Loop(int listener) : listener_(listener) {}

  void Run() {
    while (accepted_ < walkthrough::kClients || !connections_.empty()) {
      WaitUntilSomethingIsReady();
    }
  }

 private:
  void WaitUntilSomethingIsReady() {
    std::vector<pollfd> interests = {{listener_, POLLIN, 0}};
    for (const Connection& connection : connections_) {
      interests.push_back(connection.Interest());
    }
    // The only place where this thread waits.
    Check(poll(interests.data(), interests.size(), -1), "poll");

    auto connection = connections_.begin();
    for (size_t i = 1; i < interests.size(); ++i) {
      const bool is_ready = interests[i].revents != 0;
      if (is_ready && !connection->OnReady()) {
        connection = connections_.erase(connection);
      } else {
        ++connection;
      }
    }
    if (interests[0].revents != 0) {
      connections_.emplace_back(accept(listener_, nullptr, nullptr));
      ++accepted_;
    }
  }

  const int listener_;
  int accepted_ = 0;
  std::list<Connection> connections_;
};

}  // namespace

int main() {
  const int listener = walkthrough::Listen();
  walkthrough::Clients clients(listener);

  Loop(listener).Run();

  clients.Report("callbacks on one thread");
  std::printf("A client costs this thread %zu B.\n", sizeof(Connection));
  close(listener);
}
