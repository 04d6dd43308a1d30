// SPDX-License-Identifier: Apache-2.0
//
// The load on a server under measurement: clients on loopback, in a process of
// its own. All servers get the same.
//
//   load echo PORT PID CONNECTIONS BYTES SECONDS [calls]
//   load storm PORT PID CONNECTIONS SECONDS [calls]
//
// echo: every connection sends a message and waits until all of it has come
// back, again and again. storm: every connection is closed by the server as
// soon as it accepts it, and opened again. Prints, of the process PID and a
// window of SECONDS after a warm-up:
//
//   rate    requests (connections) a second
//   cpu     processor time of the server for each, in ns
//   calls   with "calls", which costs the server some time: its system calls
//           for each; "-" if the kernel does not let us count them
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "system_calls.h"

enum { kMaxMessage = 1 << 16, kMaxEvents = 256 };
static const double kWarmUpSeconds = 0.15;

struct client {
  int fd;
  bool waits_to_send;
  int sent;
  int received;
};

static struct sockaddr_in server;
static pid_t server_pid;
static int message_size;
static char message[kMaxMessage];
static char answer[kMaxMessage];
static int epoll_fd;
static long completed;

static void Die(const char* what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double Seconds(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) Die("clock_gettime");
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double ServerCpuSeconds(void) {
  clockid_t clock;
  if (clock_getcpuclockid(server_pid, &clock) != 0) Die("the server's clock");
  return Seconds(clock);
}

static void Watch(struct client* client, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = client};
  if (epoll_ctl(epoll_fd, operation, client->fd, &event) != 0) {
    Die("epoll_ctl");
  }
}

static void Connect(struct client* client) {
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->fd < 0) Die("socket");
  int one = 1;
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (connect(client->fd, (struct sockaddr*)&server, sizeof(server)) != 0 &&
      errno != EINPROGRESS) {
    Die("connect");
  }
}

// Sends what is left of the message, as far as there is room.
static void Send(struct client* client) {
  while (client->sent < message_size) {
    ssize_t size = send(client->fd, message + client->sent,
                        (size_t)(message_size - client->sent), MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) Die("send");
    client->sent += (int)size;
  }
  bool waits = client->sent < message_size;
  if (waits != client->waits_to_send) {
    client->waits_to_send = waits;
    Watch(client, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

static void Echo(struct client* client, uint32_t events) {
  if (events & EPOLLOUT) Send(client);
  if ((events & ~(uint32_t)EPOLLOUT) == 0) return;
  ssize_t size =
      recv(client->fd, answer, (size_t)(message_size - client->received), 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) Die("recv: the server has gone");
  client->received += (int)size;
  if (client->received < message_size) return;
  ++completed;
  client->sent = client->received = 0;
  Send(client);
}

static void Storm(struct client* client, uint32_t events) {
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  if (close(client->fd) != 0) Die("close");
  ++completed;
  Connect(client);
  Watch(client, EPOLL_CTL_ADD, EPOLLIN);
}

static void RunUntil(double end, void (*react)(struct client*, uint32_t)) {
  struct epoll_event events[kMaxEvents];
  while (Seconds(CLOCK_MONOTONIC) < end) {
    int count = epoll_wait(epoll_fd, events, kMaxEvents, 2000);
    if (count == 0) {
      fprintf(stderr, "load: the server has not answered for 2 s\n");
      exit(1);
    }
    for (int i = 0; i < count; ++i) react(events[i].data.ptr, events[i].events);
  }
}

static void Measure(double seconds, bool count_calls,
                    void (*react)(struct client*, uint32_t)) {
  double start = Seconds(CLOCK_MONOTONIC) + kWarmUpSeconds;
  RunUntil(start, react);

  if (count_calls) count_calls = StartCountingCalls(server_pid);
  long long calls = count_calls ? CallsSoFar() : 0;
  double cpu = ServerCpuSeconds();
  long before = completed;
  start = Seconds(CLOCK_MONOTONIC);
  RunUntil(start + seconds, react);
  double elapsed = Seconds(CLOCK_MONOTONIC) - start;
  cpu = ServerCpuSeconds() - cpu;
  calls = count_calls ? CallsSoFar() - calls : 0;
  double requests = (double)(completed - before);

  printf("rate\t%.0f\t/s\n", requests / elapsed);
  printf("cpu\t%.0f\tns\n", cpu / requests * 1e9);
  if (count_calls) {
    printf("calls\t%.4f\tcalls\n", (double)calls / requests);
  } else {
    printf("calls\t-\tcalls\n");
  }
}

int main(int argc, char** argv) {
  bool is_echo = argc >= 7 && strcmp(argv[1], "echo") == 0;
  bool is_storm = argc >= 6 && strcmp(argv[1], "storm") == 0;
  if (!is_echo && !is_storm) {
    fprintf(stderr, "usage: see the head of load.c\n");
    return 2;
  }
  server.sin_family = AF_INET;
  server.sin_port = htons((uint16_t)atoi(argv[2]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server_pid = atoi(argv[3]);
  int connections = atoi(argv[4]);
  message_size = is_echo ? atoi(argv[5]) : 0;
  if (message_size > kMaxMessage) return 2;
  double seconds = atof(argv[is_echo ? 6 : 5]);
  bool count_calls = strcmp(argv[argc - 1], "calls") == 0;

  epoll_fd = epoll_create1(0);
  struct client* clients = calloc((size_t)connections, sizeof(*clients));
  for (int i = 0; i < connections; ++i) {
    Connect(&clients[i]);
    // The first message is sent when the connection stands.
    clients[i].waits_to_send = is_echo;
    Watch(&clients[i], EPOLL_CTL_ADD, is_echo ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
  Measure(seconds, count_calls, is_echo ? Echo : Storm);
  return 0;
}
