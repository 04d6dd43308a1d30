// SPDX-License-Identifier: Apache-2.0
//
// Stage 1: an echo server that serves one client at a time.
//
//   bazel run //examples/walkthrough:01_one_at_a_time

#include <sys/socket.h>
#include <unistd.h>

#include "examples/walkthrough/clients.h"

namespace {

// Sends back what the client says, until it goes away.
void Serve(int client) {
  char buffer[1024];
  for (;;) {
    const ssize_t size = recv(client, buffer, sizeof(buffer), 0);
    if (size <= 0) break;
    send(client, buffer, static_cast<size_t>(size), MSG_NOSIGNAL);
  }
  close(client);
}

}  // namespace

int main() {
  const int listener = walkthrough::Listen();
  walkthrough::Clients clients(listener);

  for (int i = 0; i < walkthrough::kClients; ++i) {
    const int client = accept(listener, nullptr, nullptr);
    Serve(client);
  }

  clients.Report("one client at a time");
  close(listener);
}
