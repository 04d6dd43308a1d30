// SPDX-License-Identifier: Apache-2.0
//
// How bytes travel from one end of a connection to the other, and what becomes
// of them when it breaks.

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/testing/simulated_network_port.h"

namespace creche {

void SimulatedNetwork::Network::TryReceive(End& end) {
  if (end.receive == nullptr) return;
  const std::size_t size =
      std::min<std::size_t>(end.arrived.size(), end.receive_entry.len);
  if (size > 0) {
    std::memcpy(Pointer(end.receive_entry.addr), end.arrived.data(), size);
    end.arrived.erase(0, size);
    Complete(end.receive, static_cast<int>(size));
    if (EndPtr peer = end.peer.lock()) GoOnSending(peer);
  } else if (end.is_reset) {
    Complete(end.receive, -ECONNRESET);
  } else if (end.ended) {
    Complete(end.receive, 0);
  }
}

void SimulatedNetwork::Network::GoOnSending(const EndPtr& end) {
  if (end->send == nullptr) return;
  const EndPtr peer = end->peer.lock();
  if (end->is_reset || end->has_shut_down || peer == nullptr) {
    return Complete(end->send, -EPIPE);
  }
  const char* const data =
      static_cast<const char*>(Pointer(end->send_entry.addr));
  const std::size_t left = std::size_t{end->send_entry.len} - end->sent;
  end->sent += SendPieces(peer, {data + end->sent, left});
  const bool waits_for_all =
      (end->send_entry.msg_flags & MSG_WAITALL) != 0 || end->sent == 0;
  if (end->sent == end->send_entry.len || !waits_for_all) {
    Complete(end->send, static_cast<int>(end->sent));
  }
}

int SimulatedNetwork::Network::TrySend(int fd, absl::string_view data) {
  LookAtSensors();
  const EndPtr end = FindEnd(fd);
  if (end == nullptr) return -ENOTCONN;
  const EndPtr peer = end->peer.lock();
  if (end->is_reset || end->has_shut_down || peer == nullptr) return -EPIPE;
  const std::size_t sent = SendPieces(peer, data);
  return sent > 0 ? static_cast<int>(sent) : -EAGAIN;
}

// Returns how much the window lets through.
std::size_t SimulatedNetwork::Network::SendPieces(const EndPtr& peer,
                                                  absl::string_view data) {
  std::size_t sent = 0;
  while (sent < data.size()) {
    const std::size_t used = peer->under_way + peer->arrived.size();
    if (used >= options_.window) break;
    const std::size_t at_most = std::min(
        {options_.window - used, options_.max_piece, data.size() - sent});
    const std::size_t size =
        std::uniform_int_distribution<std::size_t>(1, at_most)(random_);
    std::string piece(data.substr(sent, size));
    sent += size;
    peer->under_way += size;
    peer->last_arrival =
        std::max(peer->last_arrival, clock_.Now() + Latency() + peer->delay);
    At(peer->last_arrival,
       [this, peer, piece = std::move(piece)] { Arrive(peer, piece); });
  }
  return sent;
}

void SimulatedNetwork::Network::Arrive(const EndPtr& end,
                                       const std::string& piece) {
  end->under_way -= piece.size();
  if (Happens(options_.silence_probability)) end->is_silent = true;
  if (end->is_silent || end->is_reset) return;
  if (end->is_closed) return ResetPeerLater(*end);
  if (Happens(options_.break_probability)) {
    Reset(*end);
    return ResetPeerLater(*end);
  }
  end->arrived += piece;
  TryReceive(*end);
}

void SimulatedNetwork::Network::EndArrives(const EndPtr& end) {
  if (end->is_silent) return;
  end->ended = true;
  TryReceive(*end);
}

void SimulatedNetwork::Network::Reset(End& end) {
  end.is_reset = true;
  end.arrived.clear();
  Complete(end.receive, -ECONNRESET);
  Complete(end.send, -ECONNRESET);
}

void SimulatedNetwork::Network::ResetPeerLater(End& end) {
  EndPtr peer = end.peer.lock();
  if (peer == nullptr) return;
  At(clock_.Now() + Latency() + peer->delay, [this, peer] {
    if (!peer->is_silent) Reset(*peer);
  });
}

int SimulatedNetwork::Network::ResetOnClose(int fd) {
  const EndPtr end = FindEnd(fd);
  if (end == nullptr) return SocketNames::ResetOnClose(fd);
  end->resets_on_close = true;
  return 0;
}

void SimulatedNetwork::Network::LookAtSensors() {
  LookAtListeners();
  LookAtEnds();
}

void SimulatedNetwork::Network::LookAtEnds() {
  if (ends_.empty()) return;
  std::vector<pollfd> sensors;
  sensors.reserve(ends_.size());
  for (const EndPtr& end : ends_) {
    sensors.push_back({end->sensor, POLLIN | POLLRDHUP, 0});
  }
  if (poll(sensors.data(), sensors.size(), 0) <= 0) return;
  const std::vector<EndPtr> ends = ends_;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (sensors[i].revents != 0) Look(ends[i], sensors[i].revents);
  }
  // An end stays as long as its peer may still send to it.
  std::erase_if(ends_, [](const EndPtr& end) {
    const EndPtr peer = end->peer.lock();
    return end->is_closed && (peer == nullptr || peer->is_closed);
  });
}

// The program has shut down or closed its end. Who closes without having read
// everything, or has said so, resets the connection.
void SimulatedNetwork::Network::Look(const EndPtr& end, short events) {
  const EndPtr peer = end->peer.lock();
  const bool is_closed = (events & POLLHUP) != 0;
  const bool is_reset = is_closed && end->resets_on_close;
  if (!end->has_shut_down) {
    end->has_shut_down = true;
    if (peer != nullptr && !is_reset) {
      peer->last_arrival =
          std::max(peer->last_arrival, clock_.Now() + Latency() + peer->delay);
      At(peer->last_arrival, [this, peer] { EndArrives(peer); });
    }
  }
  if (!is_closed) return;
  end->is_closed = true;
  close(std::exchange(end->sensor, -1));
  end->fd = -1;
  if (is_reset || !end->arrived.empty()) ResetPeerLater(*end);
}

}  // namespace creche
