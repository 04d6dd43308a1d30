// SPDX-License-Identifier: Apache-2.0

#include "lib/core/deadline_queue.h"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "creche/core/internal/deadline.h"
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
    // From so few that they leave hardly a gap to so many that gaps are closed.
    std::vector<std::unique_ptr<Entry>> entries(10 * (1 + round));
    for (auto& entry : entries) entry = std::make_unique<Entry>();
    for (int step = 0; step < 2000; ++step) {
      Entry& entry = *entries[random() % entries.size()];
      if (!entry.is_armed()) {
        const auto when = static_cast<Nanoseconds>(random() % 16);
        queue.Add(entry, when);
        reference.emplace(when, &entry);
      } else if (random() % 2 == 0) {
        queue.Remove(entry);
        std::erase_if(reference, [&](auto& e) { return e.second == &entry; });
      } else if (random() % 4 == 0) {
        const auto now = static_cast<Nanoseconds>(random() % 16);
        const auto first = reference.begin();
        Entry* due = first->first <= now ? first->second : nullptr;
        ASSERT_EQ(queue.PopDue(now), due);
        if (due != nullptr) reference.erase(first);
      }
      ASSERT_EQ(queue.size(), reference.size());
      if (random() % 4 != 0) continue;  // To be asked changes the queue.
      ASSERT_EQ(queue.earliest(),
                reference.empty() ? kNever : reference.begin()->first);
    }
  }
}

TEST(DeadlineQueueTest, KeepsTheOrderWhenMostAreRemoved) {
  DeadlineQueue queue;
  std::vector<Entry> entries(10'000);
  std::mt19937_64 random(2);
  for (Entry& entry : entries) {
    queue.Add(entry, static_cast<Nanoseconds>(random() % 1'000));
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i % 10 != 0) queue.Remove(entries[i]);
  }

  EXPECT_EQ(queue.size(), 1'000u);
  Nanoseconds last = 0;
  for (size_t left = 1'000; left > 0; --left) {
    const Nanoseconds earliest = queue.earliest();
    ASSERT_GE(earliest, last);
    last = earliest;
    ASSERT_EQ(queue.PopDue(earliest - 1), nullptr);
    ASSERT_NE(queue.PopDue(earliest), nullptr);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(DeadlineQueueTest, ClosesGapsBeforeOneMoreComes) {
  DeadlineQueue queue;
  std::vector<Entry> entries(10'000);
  for (size_t i = 0; i < entries.size(); ++i) {
    queue.Add(entries[i], static_cast<Nanoseconds>(i));
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i % 100 != 7) queue.Remove(entries[i]);
  }
  Entry late;
  queue.Add(late, 20'000);

  for (size_t i = 7; i < entries.size(); i += 100) {
    ASSERT_EQ(queue.PopDue(20'000), &entries[i]);
  }
  EXPECT_EQ(queue.PopDue(20'000), &late);
  EXPECT_TRUE(queue.empty());
}

// As timeouts do that are set and left while a long sleep goes on.
TEST(DeadlineQueueTest, DoesNotGrowWithWhatComesAndGoes) {
  DeadlineQueue queue;
  Entry sleep;
  queue.Add(sleep, 1);
  for (Nanoseconds i = 0; i < 10'000; ++i) {
    Entry timeout;
    queue.Add(timeout, 1'000 + i);
    queue.Remove(timeout);
  }

  EXPECT_EQ(queue.size(), 1u);
  EXPECT_LT(queue.size_with_gaps(), 100u);
}

TEST(DeadlineQueueTest, StartsAnewWhenAllAreRemoved) {
  DeadlineQueue queue;
  Entry a, b, c;
  queue.Add(a, 10);
  queue.Add(b, 20);
  queue.Remove(a);
  queue.Remove(b);

  EXPECT_EQ(queue.PopDue(kNever), nullptr);
  queue.Add(c, 30);
  queue.Add(a, 40);
  EXPECT_EQ(queue.earliest(), 30);
  EXPECT_EQ(queue.PopDue(40), &c);
  EXPECT_EQ(queue.PopDue(40), &a);
}

TEST(DeadlineQueueTest, FillsAGapAtTheTop) {
  DeadlineQueue queue;
  Entry a, b, late, early;
  queue.Add(a, 10);
  queue.Add(b, 20);
  queue.Remove(a);
  queue.Add(late, 30);
  queue.Add(early, 15);

  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.PopDue(30), &early);
  EXPECT_EQ(queue.PopDue(30), &b);
  EXPECT_EQ(queue.PopDue(30), &late);
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
