// SPDX-License-Identifier: Apache-2.0
//
// What the servers of the walkthrough have to do with: a listening socket, and
// clients who ask questions and think in between. Each client is a thread, so
// that none of them depends on how the server does its work.

#ifndef CRECHE_EXAMPLES_WALKTHROUGH_CLIENTS_H_
#define CRECHE_EXAMPLES_WALKTHROUGH_CLIENTS_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace walkthrough {

constexpr int kClients = 20;
constexpr int kQuestions = 3;
constexpr std::chrono::milliseconds kThinkTime{10};

// What a program of a few lines does about errors: it stops.
inline int Check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

inline double Milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// A socket that listens on a free port of this machine.
inline int Listen() {
  const int listener = Check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
        "bind");
  Check(listen(listener, kClients), "listen");
  return listener;
}

// kClients clients, who connect at once to the server behind `listener`.
class Clients {
 public:
  explicit Clients(int listener) {
    socklen_t size = sizeof(server_);
    Check(getsockname(listener, reinterpret_cast<sockaddr*>(&server_), &size),
          "getsockname");
    for (int i = 0; i < kClients; ++i) {
      threads_.emplace_back(&Clients::Talk, this, i);
    }
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Waits until all have gone, and says how it was for them.
  void Report(const char* server) {
    for (std::thread& thread : threads_) thread.join();
    const auto [first, last] =
        std::minmax_element(std::begin(done_), std::end(done_));
    std::printf(
        "%s: %d right answers;\n"
        "  the first client was done after %.0f ms, the last after %.0f ms\n",
        server, answers_.load(), *first, *last);
  }

 private:
  void Talk(int number) {
    const int server = Check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    Check(
        connect(server, reinterpret_cast<sockaddr*>(&server_), sizeof(server_)),
        "connect");
    const std::string question = "question of client " + std::to_string(number);
    for (int i = 0; i < kQuestions; ++i) {
      std::this_thread::sleep_for(kThinkTime);
      std::string answer(question.size(), '\0');
      send(server, question.data(), question.size(), MSG_NOSIGNAL);
      recv(server, answer.data(), answer.size(), MSG_WAITALL);
      if (answer == question) ++answers_;
    }
    // Not close() alone: a server that forks has copies of this descriptor, and
    // they would keep the connection open.
    shutdown(server, SHUT_RDWR);
    close(server);
    done_[number] = Milliseconds(std::chrono::steady_clock::now() - start_);
  }

  const std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
  sockaddr_in server_ = {};
  std::atomic<int> answers_ = 0;
  double done_[kClients] = {};
  std::vector<std::thread> threads_;
};

}  // namespace walkthrough

#endif  // CRECHE_EXAMPLES_WALKTHROUGH_CLIENTS_H_
