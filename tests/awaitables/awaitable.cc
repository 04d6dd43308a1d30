// SPDX-License-Identifier: Apache-2.0

#include "tests/awaitables/awaitable.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"

namespace creche::awaitables {

std::vector<Use> Awaitable::uses() const {
  std::vector<Use> uses = others;
  for (const UseOrReason& cell : {at_once, waits, refused}) {
    if (cell.use() != nullptr) uses.push_back(cell.use());
  }
  return uses;
}

std::string Awaitable::test_name() const {
  return absl::StrReplaceAll(name, {{"::", "_"}, {"()", ""}});
}

std::ostream& operator<<(std::ostream& out, const Awaitable& awaitable) {
  return out << awaitable.name;
}

const std::vector<Awaitable>& AllAwaitables() {
  static const std::vector<Awaitable> all = [] {
    std::vector<Awaitable> rows;
    for (const std::vector<Awaitable>& part :
         {CoreAwaitables(), ScopeAwaitables(), SyncAwaitables(),
          NetAwaitables(), StreamAwaitables(), IoAwaitables(), PipeAwaitables(),
          BufferAwaitables(), ProcessAwaitables(), TestingAwaitables(),
          ThreadAwaitables(), TlsAwaitables(), CurlAwaitables(),
          DebugPageAwaitables(), PostgresAwaitables()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace creche::awaitables
