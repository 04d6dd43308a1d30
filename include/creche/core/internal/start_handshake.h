// SPDX-License-Identifier: Apache-2.0
//
// StartHandshake: the meeting of a Start() and the child it waits for.

#ifndef CRECHE_CORE_INTERNAL_START_HANDSHAKE_H_
#define CRECHE_CORE_INTERNAL_START_HANDSHAKE_H_

#include <optional>

namespace creche::internal {

class NurseryState;
class StartAccess;
class TaskRecord;

struct StartHandshake {
  // The child says it is ready: it moves into `target`, unless its starter has
  // been cancelled. Aborts on a second call.
  void Started();

  NurseryState* target = nullptr;
  NurseryState* starter = nullptr;  // Of the temporary nursery.
  TaskRecord* child = nullptr;      // While it belongs to the starter.
  bool is_started = false;
};

template <typename V>
struct ValueHandshake : StartHandshake {
  std::optional<V> value;
};
template <>
struct ValueHandshake<void> : StartHandshake {};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_START_HANDSHAKE_H_
