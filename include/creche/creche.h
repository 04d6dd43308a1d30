// SPDX-License-Identifier: Apache-2.0
//
// Everything that a program which uses creche needs. (Tests have headers of
// their own in creche/testing/.)

#ifndef CRECHE_CRECHE_H_
#define CRECHE_CRECHE_H_

// IWYU pragma: begin_exports
// First, so that a compiler that has something to say of it names few headers
// before that.
// clang-format off
#include "creche/core/nursery.h"

// clang-format on
#include "creche/core/abort.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/clock.h"
#include "creche/core/combinators.h"
#include "creche/core/error_group.h"
#include "creche/core/errors.h"
#include "creche/core/event_port.h"
#include "creche/core/first_success.h"
#include "creche/core/function.h"
#include "creche/core/instrument.h"
#include "creche/core/named.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/core/results.h"
#include "creche/core/sleep.h"
#include "creche/core/statistics.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/task_local.h"
#include "creche/core/task_status.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/run_on_cores.h"
#include "creche/cores/serve_tcp_on_cores.h"
#include "creche/debug/stall_watchdog.h"
#include "creche/debug/task_tree.h"
#include "creche/debug/trace_recorder.h"
#include "creche/guest_run.h"
#include "creche/io/any_stream.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/io/byte_stream.h"
#include "creche/io/directory.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/io/pool.h"
#include "creche/io/read_write_file.h"
#include "creche/io/standard_streams.h"
#include "creche/io/stapled_stream.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/resolve.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/socket_address.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"
#include "creche/net/wait_readable.h"
#include "creche/process/command.h"
#include "creche/process/process.h"
#include "creche/process/run_process.h"
#include "creche/run.h"
#include "creche/signals/with_signals.h"
#include "creche/sync/broadcast.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/one_shot.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"
#include "creche/sync/watch.h"
#include "creche/threads/run_handle.h"
#include "creche/threads/run_in_thread.h"
#include "creche/threads/thread_channel.h"
#include "creche/uring/file_descriptor.h"
#include "creche/uring/operation.h"
// IWYU pragma: end_exports

#endif  // CRECHE_CRECHE_H_
