// SPDX-License-Identifier: Apache-2.0
//
// libuv: a loop with callbacks. It has no tasks, so only the works of a loop.
//
//   libuv --list | WORK           see peers/work.h
//   libuv echo | storm            a server
//   libuv copy FROM TO            copies a file, 256 KiB at a time
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "../work.h"

enum {
  kBufferSize = 1 << 16,
  kChunk = 256 << 10,
  kTimers = 1000000,
  kWakes = 1000
};

static uv_loop_t* loop;

// A connection has one buffer: it reads no more until that has been sent.
struct connection {
  uv_tcp_t socket;
  uv_write_t write;
  char buffer[kBufferSize];
};

static void FreeConnection(uv_handle_t* handle) { free(handle->data); }

static void GiveBuffer(uv_handle_t* handle, size_t suggested,
                       uv_buf_t* buffer) {
  (void)suggested;
  struct connection* connection = handle->data;
  *buffer = uv_buf_init(connection->buffer, kBufferSize);
}

static void Received(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);

static void Sent(uv_write_t* write, int status) {
  struct connection* connection = write->data;
  if (status != 0) {
    uv_close((uv_handle_t*)&connection->socket, FreeConnection);
  } else {
    uv_read_start((uv_stream_t*)&connection->socket, GiveBuffer, Received);
  }
}

// Tries to send at once, as one does who wants speed of libuv.
static void Received(uv_stream_t* stream, ssize_t size,
                     const uv_buf_t* buffer) {
  struct connection* connection = stream->data;
  if (size == 0) return;
  if (size < 0) {
    uv_close((uv_handle_t*)stream, FreeConnection);
    return;
  }
  uv_buf_t rest = uv_buf_init(buffer->base, (unsigned)size);
  int sent = uv_try_write(stream, &rest, 1);
  if (sent == size) return;
  if (sent > 0) rest = uv_buf_init(rest.base + sent, (unsigned)(size - sent));
  uv_read_stop(stream);
  connection->write.data = connection;
  uv_write(&connection->write, stream, &rest, 1, Sent);
}

static void ToBeEchoed(uv_stream_t* listener, int status) {
  (void)status;
  struct connection* connection = malloc(sizeof(*connection));
  uv_tcp_init(loop, &connection->socket);
  connection->socket.data = connection;
  uv_accept(listener, (uv_stream_t*)&connection->socket);
  uv_tcp_nodelay(&connection->socket, 1);
  uv_read_start((uv_stream_t*)&connection->socket, GiveBuffer, Received);
}

static void ToBeClosed(uv_stream_t* listener, int status) {
  (void)status;
  struct connection* connection = malloc(sizeof(*connection));
  uv_tcp_init(loop, &connection->socket);
  connection->socket.data = connection;
  uv_accept(listener, (uv_stream_t*)&connection->socket);
  uv_close((uv_handle_t*)&connection->socket, FreeConnection);
}

static int Serve(uv_connection_cb accepted) {
  uv_tcp_t listener;
  struct sockaddr_in address;
  int size = sizeof(address);
  uv_tcp_init(loop, &listener);
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&listener, (const struct sockaddr*)&address, 0);
  if (uv_listen((uv_stream_t*)&listener, 4096, accepted) != 0) return 1;
  uv_tcp_getsockname(&listener, (struct sockaddr*)&address, &size);
  printf("listening\t%d\n",
         (address.sin_port >> 8 & 0xff) | (address.sin_port & 0xff) << 8);
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}

static void Never(uv_timer_t* timer) { (void)timer; }

static uint64_t RandomMilliseconds(void) {
  static uint64_t state = 1;
  state = state * 48271 % 2147483647;
  return 3600000 + state / 1000;
}

static double Timers(bool time_arming) {
  uv_timer_t* timers = malloc(kTimers * sizeof(*timers));
  for (int i = 0; i < kTimers; ++i) uv_timer_init(loop, &timers[i]);
  double result = 0;
  for (int round = 0; round < 2; ++round) {  // The first warms up.
    double start = NowSeconds();
    for (int i = 0; i < kTimers; ++i) {
      uv_timer_start(&timers[i], Never, RandomMilliseconds(), 0);
    }
    double middle = NowSeconds();
    for (int i = 0; i < kTimers; ++i) uv_timer_stop(&timers[i]);
    result = (time_arming ? middle - start : NowSeconds() - middle) / kTimers;
  }
  return result * 1e9;
}

static double TimerArm(void) { return Timers(true); }
static double TimerCancel(void) { return Timers(false); }

// Two loops, a thread each, that wake each other.
static uv_async_t own_wake;
static uv_async_t other_wake;
static int left;

static void AnswerWake(uv_async_t* wake) {
  (void)wake;
  uv_async_send(&own_wake);
}

static void HearAnswer(uv_async_t* wake) {
  (void)wake;
  if (--left > 0) {
    uv_async_send(&other_wake);
  } else {
    uv_stop(loop);
  }
}

static void RunLoop(void* other) { uv_run(other, UV_RUN_DEFAULT); }

static void WakeAndWait(void) {
  left = kWakes;
  uv_async_send(&other_wake);
  uv_run(loop, UV_RUN_DEFAULT);
}

static double WakeThread(void) {
  static uv_loop_t other;
  uv_loop_init(&other);
  uv_async_init(loop, &own_wake, HearAnswer);
  uv_async_init(&other, &other_wake, AnswerWake);
  uv_thread_t thread;
  uv_thread_create(&thread, RunLoop, &other);
  return NanosecondsEach(2 * kWakes, WakeAndWait);
}

// The file is read and written by libuv's threads, one chunk after the other.
static uv_file source;
static uv_file target;
static char chunk[kChunk];
static int64_t offset;

static void ReadChunk(uv_fs_t* request);

static void Written(uv_fs_t* request) {
  if (request->result <= 0) exit(1);
  offset += request->result;
  uv_fs_req_cleanup(request);
  ReadChunk(request);
}

static void WasRead(uv_fs_t* request) {
  if (request->result < 0) exit(1);
  if (request->result == 0) return;
  uv_buf_t buffer = uv_buf_init(chunk, (unsigned)request->result);
  uv_fs_req_cleanup(request);
  uv_fs_write(loop, request, target, &buffer, 1, offset, Written);
}

static void ReadChunk(uv_fs_t* request) {
  uv_buf_t buffer = uv_buf_init(chunk, kChunk);
  uv_fs_read(loop, request, source, &buffer, 1, offset, WasRead);
}

static int Copy(const char* from, const char* to) {
  uv_fs_t request;
  source = uv_fs_open(loop, &request, from, O_RDONLY, 0, NULL);
  target =
      uv_fs_open(loop, &request, to, O_WRONLY | O_CREAT | O_TRUNC, 0666, NULL);
  ReadChunk(&request);
  return uv_run(loop, UV_RUN_DEFAULT);
}

static const struct work kWorks[] = {
    {"timer/arm", "ns", TimerArm},
    {"timer/cancel", "ns", TimerCancel},
    {"wake/thread", "ns", WakeThread},
    {NULL, NULL, NULL},
};

int main(int argc, char** argv) {
  loop = uv_default_loop();
  if (argc == 2 && strcmp(argv[1], "echo") == 0) return Serve(ToBeEchoed);
  if (argc == 2 && strcmp(argv[1], "storm") == 0) return Serve(ToBeClosed);
  if (argc == 4 && strcmp(argv[1], "copy") == 0) return Copy(argv[2], argv[3]);
  return RunWork(argc, argv, kWorks);
}
