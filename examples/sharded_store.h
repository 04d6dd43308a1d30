// SPDX-License-Identifier: Apache-2.0
//
// ShardedStore: keys and values, spread over the cores of RunOnCores().

#ifndef EXAMPLES_SHARDED_STORE_H_
#define EXAMPLES_SHARDED_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "creche/creche.h"

namespace examples {

// Each key has a core, and only that one touches it: there is no mutex. Who
// asks waits meanwhile, so what the other core uses of a question can stay in
// the frame of who asks. A core that ends takes its keys along (kUnavailable).
class ShardedStore {
 public:
  explicit ShardedStore(std::size_t cores) : shards_(cores) {}

  std::size_t HomeOf(const std::string& key) const {
    return std::hash<std::string>()(key) % shards_.size();
  }

  // `core` is the one that asks.
  creche::Task<absl::StatusOr<std::optional<std::string>>> Get(
      creche::Core& core, std::string key) {
    Values& values = ValuesOf(key);
    auto get = [&]() -> creche::Task<std::optional<std::string>> {
      const auto found = values.find(key);
      if (found == values.end()) co_return std::nullopt;
      co_return found->second;
    };
    co_return co_await core.RunOn(HomeOf(key), get);
  }

  creche::Task<absl::Status> Set(creche::Core& core, std::string key,
                                 std::string value) {
    Values& values = ValuesOf(key);
    auto set = [&]() -> creche::Task<> {
      values[key] = std::move(value);
      co_return;
    };
    co_return co_await core.RunOn(HomeOf(key), set);
  }

  // Gives how long the value is then. Nobody comes in between.
  creche::Task<absl::StatusOr<std::size_t>> Append(creche::Core& core,
                                                   std::string key,
                                                   std::string more) {
    Values& values = ValuesOf(key);
    auto append = [&]() -> creche::Task<std::size_t> {
      std::string& value = values[key];
      value += more;
      co_return value.size();
    };
    co_return co_await core.RunOn(HomeOf(key), append);
  }

  // Of all cores, asked one by one: others may come in between.
  creche::Task<absl::StatusOr<std::size_t>> Count(creche::Core& core) {
    std::size_t count = 0;
    for (std::size_t home = 0; home < shards_.size(); ++home) {
      auto size = [&]() -> creche::Task<std::size_t> {
        co_return shards_[home].values.size();
      };
      count += co_await creche::Try(core.RunOn(home, size));
    }
    co_return count;
  }

 private:
  using Values = std::unordered_map<std::string, std::string>;
  // Apart, so that a core does not slow down its neighbour.
  struct alignas(64) Shard {
    Values values;
  };

  Values& ValuesOf(const std::string& key) {
    return shards_[HomeOf(key)].values;
  }

  std::vector<Shard> shards_;
};

inline constexpr char kUsage[] =
    "GET key, SET key value, APPEND key value, or COUNT";

// The answer to a line.
inline creche::Task<absl::StatusOr<std::string>> Answer(creche::Core& core,
                                                        ShardedStore& store,
                                                        std::string line) {
  const std::vector<std::string> words =
      absl::StrSplit(line, absl::MaxSplits(' ', 2));
  if (words[0] == "GET" && words.size() == 2) {
    const std::optional<std::string> value =
        co_await creche::Try(store.Get(core, words[1]));
    co_return value.has_value() ? absl::StrCat("= ", *value) : "nothing";
  }
  if (words[0] == "SET" && words.size() == 3) {
    co_await creche::Try(store.Set(core, words[1], words[2]));
    co_return "set";
  }
  if (words[0] == "APPEND" && words.size() == 3) {
    co_return absl::StrCat(
        co_await creche::Try(store.Append(core, words[1], words[2])));
  }
  if (line == "COUNT") {
    co_return absl::StrCat(co_await creche::Try(store.Count(core)));
  }
  co_return kUsage;
}

// The part of one core in a server for all of them; until it is cancelled.
inline creche::Task<absl::Status> ServeStore(creche::Core& core,
                                             ShardedStore& store,
                                             std::uint16_t port) {
  auto talk = [&](creche::TcpStream& stream) -> creche::Task<absl::Status> {
    creche::BufferedReader reader(stream);
    for (;;) {
      const std::string line = co_await creche::Try(reader.ReadLine());
      const std::string answer =
          co_await creche::Try(Answer(core, store, line));
      co_await creche::Try(stream.SendAll(answer + "\n"));
    }
  };
  auto serve_one = [&](creche::TcpStream stream) -> creche::Task<> {
    const absl::Status status = co_await talk(stream);
    if (!creche::IsEndOfStream(status)) std::cerr << status << std::endl;
  };
  co_return co_await creche::ServeTcpOnCores(core, "127.0.0.1", port,
                                             serve_one);
}

}  // namespace examples

#endif  // EXAMPLES_SHARDED_STORE_H_
