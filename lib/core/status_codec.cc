// SPDX-License-Identifier: Apache-2.0

#include "lib/core/status_codec.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace creche::internal {
namespace {

// list:    count, then for each status: code, message, count of payloads, then
//          for each payload: url, bytes
// numbers: 4 bytes in the machine's order (an encoding never leaves a process)
// strings: length, then bytes
void AppendNumber(std::size_t number, std::string& out) {
  const auto fixed = static_cast<std::uint32_t>(number);
  out.append(reinterpret_cast<const char*>(&fixed), sizeof(fixed));
}

void AppendString(absl::string_view text, std::string& out) {
  AppendNumber(text.size(), out);
  out.append(text.data(), text.size());
}

class Reader {
 public:
  explicit Reader(absl::string_view encoded) : left_(encoded) {}

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

  std::uint32_t Number() {
    std::uint32_t number = 0;
    const absl::string_view bytes = Take(sizeof(number));
    if (ok_) std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  }

  absl::string_view String() { return Take(Number()); }

 private:
  absl::string_view Take(std::size_t size) {
    ok_ = ok_ && size <= left_.size();
    if (!ok_) return {};
    const absl::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  absl::string_view left_;
  bool ok_ = true;
};

}  // namespace

std::string EncodeStatuses(const std::vector<absl::Status>& statuses) {
  std::string out;
  AppendNumber(statuses.size(), out);
  for (const absl::Status& status : statuses) {
    AppendNumber(static_cast<std::size_t>(status.code()), out);
    AppendString(status.message(), out);
    std::uint32_t payloads = 0;
    std::string encoded_payloads;
    status.ForEachPayload(
        [&](absl::string_view url, const absl::Cord& payload) {
          ++payloads;
          AppendString(url, encoded_payloads);
          AppendString(std::string(payload), encoded_payloads);
        });
    AppendNumber(payloads, out);
    out += encoded_payloads;
  }
  return out;
}

std::vector<absl::Status> DecodeStatuses(absl::string_view encoded) {
  Reader reader(encoded);
  std::vector<absl::Status> statuses;
  for (std::uint32_t left = reader.Number(); left > 0 && reader.ok(); --left) {
    const auto code = static_cast<absl::StatusCode>(reader.Number());
    absl::Status status(code, reader.String());
    for (std::uint32_t payloads = reader.Number(); payloads > 0 && reader.ok();
         --payloads) {
      const absl::string_view url = reader.String();
      status.SetPayload(url, absl::Cord(reader.String()));
    }
    statuses.push_back(std::move(status));
  }
  if (!reader.ok() || !reader.at_end()) return {};
  return statuses;
}

}  // namespace creche::internal
