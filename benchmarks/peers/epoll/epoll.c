// SPDX-License-Identifier: Apache-2.0
//
// The limit of what epoll allows, in plain C.
//
//   epoll --list | WORK           see peers/work.h
//   epoll echo | storm            a server
//   epoll copy FROM TO            read() and write(), 256 KiB at a time
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../work.h"
#include "tls.h"

enum {
  kBufferSize = 1 << 16,
  kChunk = 256 << 10,
  kMaxEvents = 256,
  kWakes = 1000
};

struct connection {
  int fd;
  int size;  // Of what is to be sent back, and how much of it has been sent.
  int sent;
  char buffer[kBufferSize];
};

static int epoll_fd;

static void Watch(struct connection* connection, int operation,
                  uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(epoll_fd, operation, connection->fd, &event);
}

static void Close(struct connection* connection) {
  close(connection->fd);
  free(connection);
}

// Sends as far as there is room. Returns false if not all could be.
static bool Flush(struct connection* connection) {
  while (connection->sent < connection->size) {
    ssize_t size =
        send(connection->fd, connection->buffer + connection->sent,
             (size_t)(connection->size - connection->sent), MSG_NOSIGNAL);
    if (size < 0) return false;
    connection->sent += (int)size;
  }
  return true;
}

// One receive for each event: a second would most likely find nothing.
static void Echo(struct connection* connection, uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (!Flush(connection)) return;
    Watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    return;
  }
  ssize_t size = recv(connection->fd, connection->buffer, kBufferSize, 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) return Close(connection);
  connection->size = (int)size;
  connection->sent = 0;
  if (!Flush(connection)) Watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void AcceptAll(int listener, bool echoes) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (!echoes) {
      close(fd);
      continue;
    }
    struct connection* connection = malloc(sizeof(*connection));
    connection->fd = fd;
    Watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static int Listen(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  int one = 1;
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (bind(listener, (struct sockaddr*)&address, size) != 0 ||
      listen(listener, 4096) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    perror("epoll: listen");
    exit(1);
  }
  printf("listening\t%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static _Noreturn void Serve(bool echoes) {
  epoll_fd = epoll_create1(0);
  int listener = Listen();
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    struct epoll_event events[kMaxEvents];
    int count = epoll_wait(epoll_fd, events, kMaxEvents, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == NULL) {
        AcceptAll(listener, echoes);
      } else {
        Echo(events[i].data.ptr, events[i].events);
      }
    }
  }
}

// Two threads wake each other, each from an epoll_wait().
static int event_fds[2];

static void WaitFor(int own_epoll, int fd) {
  struct epoll_event event;
  epoll_wait(own_epoll, &event, 1, -1);
  uint64_t count;
  if (read(fd, &count, sizeof(count)) < 0) exit(1);
}

static void Wake(int fd) {
  uint64_t one = 1;
  if (write(fd, &one, sizeof(one)) < 0) exit(1);
}

static int EpollOf(int fd) {
  int own_epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(own_epoll, EPOLL_CTL_ADD, fd, &event);
  return own_epoll;
}

static void* AnswerWakes(void* unused) {
  int own_epoll = EpollOf(event_fds[1]);
  for (;;) {
    WaitFor(own_epoll, event_fds[1]);
    Wake(event_fds[0]);
  }
  return unused;
}

static void WakeAndWait(void) {
  for (int i = 0; i < kWakes; ++i) {
    Wake(event_fds[1]);
    WaitFor(epoll_fd, event_fds[0]);
  }
}

static double WakeThread(void) {
  for (int i = 0; i < 2; ++i) event_fds[i] = eventfd(0, 0);
  epoll_fd = EpollOf(event_fds[0]);
  pthread_t thread;
  pthread_create(&thread, NULL, AnswerWakes, NULL);
  return NanosecondsEach(2 * kWakes, WakeAndWait);
}

static int Copy(const char* from, const char* to) {
  int source = open(from, O_RDONLY);
  int target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  char* chunk = malloc(kChunk);
  for (;;) {
    ssize_t size = read(source, chunk, kChunk);
    if (size <= 0) return size == 0 ? 0 : 1;
    for (ssize_t done = 0; done < size;) {
      ssize_t written = write(target, chunk + done, (size_t)(size - done));
      if (written <= 0) return 1;
      done += written;
    }
  }
}

static const struct work kWorks[] = {
    {"wake/thread", "ns", WakeThread},
    {"tls/echo_64", "ns", TlsEcho64},
    {"tls/echo_16384", "ns", TlsEcho16384},
    {"tls/bulk", "ns", TlsBulk},
    {"tls/seal", "ns", TlsSeal},
    {"tls/full", "ns", TlsFull},
    {"tls/resumed", "ns", TlsResumed},
    {NULL, NULL, NULL},
};

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "echo") == 0) Serve(true);
  if (argc == 2 && strcmp(argv[1], "storm") == 0) Serve(false);
  if (argc == 4 && strcmp(argv[1], "copy") == 0) return Copy(argv[2], argv[3]);
  return RunWork(argc, argv, kWorks);
}
