// SPDX-License-Identifier: Apache-2.0
//
// ServeDebugPage: a page for a browser that shows what the run is doing.
//
//   creche::TcpListener listener =
//       co_await creche::Try(creche::ListenTcp("127.0.0.1", 6060));
//   nursery.StartSoon(creche::ServeDebugPage, std::move(listener));
//
// A target of its own, //:debug_page, and not in creche/creche.h. See
// docs/production.md.

#ifndef CRECHE_DEBUG_PAGE_SERVE_DEBUG_PAGE_H_
#define CRECHE_DEBUG_PAGE_SERVE_DEBUG_PAGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/net/tcp_listener.h"

namespace creche {

// Serves, until it is cancelled:
//
//   /               the page: all of what follows, once a second
//   /state.json     the tree of tasks and scopes, with their deadlines, what
//                   each task waits for and where; statistics(); histograms of
//                   the lengths of steps and of queue delays
//   /timeline.svg   records the next two seconds: a picture of who ran when
//   /trace.json     the same, for Perfetto (ui.perfetto.dev)
//
// For whoever sits at this machine, or has a tunnel to it: everyone who can
// connect to the listener sees the names of tasks and the reasons of
// cancellations. So the listener must be on loopback, and a request must name
// this machine (in its Host header) as localhost or by a loopback address: then
// no web page can get here by a name of its own (DNS rebinding).
//
// Costs nothing while nobody looks. A RunMeter is part of the run while
// /state.json is being asked for, and for 10 s more; a recorder while it
// records. What is shown is bounded (2,000 lines of the tree, 200 children of a
// nursery, 20,000 steps of a recording), and so is what clients can take: 16 at
// a time, 10 s for a request or for reading an answer, 8 KiB a request.
//
// Cancellation: safe. Closes the listener and all connections.
// Errors: kInvalidArgument: the listener is not on loopback. Those of the
//   listener; never those of clients.
Task<absl::Status> ServeDebugPage(TcpListener listener);

// The same on any address. Who can reach it must be trusted. Requests may name
// this machine by `host_names`, too ("build7.example.com"), and by any address
// in digits.
//
// Cancellation: same as ServeDebugPage().
// Errors: those of the listener.
Task<absl::Status> DangerouslyServeDebugPage(
    TcpListener listener, std::vector<std::string> host_names = {});

}  // namespace creche

#endif  // CRECHE_DEBUG_PAGE_SERVE_DEBUG_PAGE_H_
