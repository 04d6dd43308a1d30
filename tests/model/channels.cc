// SPDX-License-Identifier: Apache-2.0
//
// Channels, and waiting for one of several things.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {
namespace {

constexpr const char* kReceivedNothing = "received -1";

}  // namespace

// To a task that waits, or into the buffer.
std::optional<std::string> Interpreter::TrySend(Channel& channel, int value) {
  if (channel.is_sender_closed) return "send: closed";
  if (channel.is_receiver_closed) return "send: broken";
  if (!channel.receivers.empty()) {
    CompleteWait(*channel.receivers.front().task,
                 "received " + std::to_string(value));
  } else if (channel.values.size() < channel.capacity) {
    channel.values.push_back(value);
  } else {
    return std::nullopt;
  }
  return "sent " + std::to_string(value);
}

// A task that waits to send owns the room that becomes free.
std::optional<std::string> Interpreter::TryReceive(Channel& channel) {
  if (channel.is_receiver_closed) return kReceivedNothing;
  if (!channel.senders.empty()) {
    const ChannelWaiter sender = channel.senders.front();
    channel.values.push_back(sender.value);
    CompleteWait(*sender.task, "sent " + std::to_string(sender.value));
  }
  if (channel.values.empty()) {
    if (channel.is_sender_closed) return kReceivedNothing;
    return std::nullopt;
  }
  const int value = channel.values.front();
  channel.values.pop_front();
  return "received " + std::to_string(value);
}

void Interpreter::CompleteWait(Task& task, std::string outcome) {
  task.outcome = std::move(outcome);
  LeaveChannels(task);
  task.wake_time = kNever;
  MakeRunnable(task);
}

void Interpreter::LeaveChannels(Task& task) {
  const auto is_its = [&](const ChannelWaiter& waiter) {
    return waiter.task == &task;
  };
  for (Channel& channel : channels_) {
    std::erase_if(channel.senders, is_its);
    std::erase_if(channel.receivers, is_its);
  }
}

void Interpreter::Send(Task& task, const Step& step) {
  if (IsCancelled(*task.scope)) return Stop(task);
  Channel& channel = channels_[step.target];
  if (const auto outcome = TrySend(channel, step.id)) {
    Record(*outcome);
  } else if (BeginWait(task, Wait::kChannel)) {
    channel.senders.push_back({&task, step.id});
  }
}

void Interpreter::Receive(Task& task, const Step& step) {
  if (IsCancelled(*task.scope)) return Stop(task);
  Channel& channel = channels_[step.target];
  if (const auto outcome = TryReceive(channel)) {
    Record(*outcome);
  } else if (BeginWait(task, Wait::kChannel)) {
    channel.receivers.push_back({&task, 0});
  }
}

// Where it starts to look is random, but always the same random.
bool Interpreter::SelectAtOnce(const Step& step) {
  choices_ ^= choices_ << 13;
  choices_ ^= choices_ >> 17;
  choices_ ^= choices_ << 5;
  const auto start = (std::uint64_t{choices_} * 3) >> 32;
  Channel& from = channels_[step.target];
  Channel& to = channels_[(step.target + 1) % kChannels];
  std::optional<std::string> outcome;
  if (start == 1) outcome = TrySend(to, step.id);
  if (!outcome.has_value()) outcome = TryReceive(from);
  if (!outcome.has_value() && start != 1) outcome = TrySend(to, step.id);
  if (!outcome.has_value() && step.amount == 0) outcome = "selected 2";
  if (outcome.has_value()) Record(*outcome);
  return outcome.has_value();
}

void Interpreter::Select(Task& task, const Step& step) {
  if (IsCancelled(*task.scope)) return Stop(task);
  if (SelectAtOnce(step)) return;
  BeginWait(task, Wait::kChannel);
  channels_[step.target].receivers.push_back({&task, 0});
  channels_[(step.target + 1) % kChannels].senders.push_back({&task, step.id});
  task.wake_time = now_ + step.amount;
  task.armed = ++clock_ticks_;
}

void Interpreter::EndWaits(const std::deque<ChannelWaiter>& waiters,
                           const std::string& outcome) {
  while (!waiters.empty()) CompleteWait(*waiters.front().task, outcome);
}

// What is in the buffer can be received still.
void Interpreter::CloseSender(Channel& channel) {
  channel.is_sender_closed = true;
  EndWaits(channel.senders, "send: closed");
  EndWaits(channel.receivers, kReceivedNothing);
}

// What is in the buffer is lost: nobody can see it any more.
void Interpreter::CloseReceiver(Channel& channel) {
  channel.is_receiver_closed = true;
  EndWaits(channel.receivers, kReceivedNothing);
  EndWaits(channel.senders, "send: broken");
}

// For those who would wait for ever.
void Interpreter::ServeChannels() {
  for (Channel& channel : channels_) {
    while (!channel.senders.empty()) TryReceive(channel);
    while (!channel.receivers.empty()) TrySend(channel, 0);
  }
}

}  // namespace creche::model
