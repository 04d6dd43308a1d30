// SPDX-License-Identifier: Apache-2.0

#include "lib/core/deadline_queue.h"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "creche/internal/deadline.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

struct Entry : Deadline {
  Entry() : Deadline(Kind::kSleep) {}
};

TEST(DeadlineQueueTest, GivesWhatIsDueInOrder) {
  DeadlineQueue queue;
  Entry a, b, c;
  queue.Add(b, 20);
  queue.Add(a, 10);
  queue.Add(c, 30);

  EXPECT_EQ(queue.earliest(), 10);
  EXPECT_EQ(queue.PopDue(9), nullptr);
  EXPECT_EQ(queue.PopDue(20), &a);
  EXPECT_EQ(queue.PopDue(20), &b);
  EXPECT_EQ(queue.PopDue(20), nullptr);
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_TRUE(c.is_armed());
  EXPECT_FALSE(a.is_armed());
  queue.Remove(c);
  EXPECT_EQ(queue.earliest(), kNever);
}

// The standard library's multimap keeps equals in the order of insertion, too.
TEST(DeadlineQueueTest, DoesWhatAMultimapDoes) {
  std::mt19937_64 random(20220623);
  for (int round = 0; round < 50; ++round) {
    DeadlineQueue queue;
    std::multimap<Nanoseconds, Entry*> reference;
    std::vector<std::unique_ptr<Entry>> entries(40);
    for (auto& entry : entries) entry = std::make_unique<Entry>();
    for (int step = 0; step < 1000; ++step) {
      Entry& entry = *entries[random() % entries.size()];
      if (!entry.is_armed()) {
        const auto when = static_cast<Nanoseconds>(random() % 16);
        queue.Add(entry, when);
        reference.emplace(when, &entry);
      } else if (random() % 2 == 0) {
        queue.Remove(entry);
        std::erase_if(reference, [&](auto& e) { return e.second == &entry; });
      } else {
        const auto now = static_cast<Nanoseconds>(random() % 16);
        const auto first = reference.begin();
        Entry* due = first->first <= now ? first->second : nullptr;
        ASSERT_EQ(queue.PopDue(now), due);
        if (due != nullptr) reference.erase(first);
      }
      ASSERT_EQ(queue.size(), reference.size());
      ASSERT_EQ(queue.earliest(),
                reference.empty() ? kNever : reference.begin()->first);
    }
  }
}

TEST(DeadlineQueueTest, HoldsManyInOrder) {
  DeadlineQueue queue;
  std::vector<Entry> entries(10'000);
  std::mt19937_64 random(1);
  for (Entry& entry : entries) {
    queue.Add(entry, static_cast<Nanoseconds>(random() % 1'000'000));
  }
  Nanoseconds last = 0;
  while (!queue.empty()) {
    const Nanoseconds earliest = queue.earliest();
    ASSERT_GE(earliest, last);
    last = earliest;
    ASSERT_NE(queue.PopDue(earliest), nullptr);
  }
}

}  // namespace
}  // namespace creche::internal
