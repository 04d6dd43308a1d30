// SPDX-License-Identifier: Apache-2.0
//
// Channels, and waiting for one of several things.

#include <cstdint>
#include <string>
#include <utility>

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {

// To a task that waits, or into the buffer.
bool Interpreter::TrySend(Channel& channel, int value) {
  if (!channel.receivers.empty()) {
    CompleteWait(*channel.receivers.front().task,
                 "received " + std::to_string(value));
    return true;
  }
  if (channel.values.size() == channel.capacity) return false;
  channel.values.push_back(value);
  return true;
}

// A task that waits to send owns the room that becomes free.
bool Interpreter::TryReceive(Channel& channel, int& value) {
  if (channel.values.empty() && channel.senders.empty()) return false;
  if (!channel.senders.empty()) {
    const ChannelWaiter sender = channel.senders.front();
    channel.values.push_back(sender.value);
    CompleteWait(*sender.task, "sent " + std::to_string(sender.value));
  }
  value = channel.values.front();
  channel.values.pop_front();
  return true;
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
  if (TrySend(channel, step.id)) {
    Record("sent " + std::to_string(step.id));
  } else if (BeginWait(task, Wait::kChannel)) {
    channel.senders.push_back({&task, step.id});
  }
}

void Interpreter::Receive(Task& task, const Step& step) {
  if (IsCancelled(*task.scope)) return Stop(task);
  Channel& channel = channels_[step.target];
  int value = 0;
  if (TryReceive(channel, value)) {
    Record("received " + std::to_string(value));
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
  const auto send = [&] {
    if (!TrySend(to, step.id)) return false;
    Record("sent " + std::to_string(step.id));
    return true;
  };
  if (start == 1 && send()) return true;
  int value = 0;
  if (TryReceive(from, value)) {
    Record("received " + std::to_string(value));
    return true;
  }
  if (start != 1 && send()) return true;
  if (step.amount > 0) return false;
  Record("selected 2");
  return true;
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

// For those who would wait for ever.
void Interpreter::ServeChannels() {
  for (Channel& channel : channels_) {
    for (int value; !channel.senders.empty();) TryReceive(channel, value);
    while (!channel.receivers.empty()) TrySend(channel, 0);
  }
}

}  // namespace creche::model
