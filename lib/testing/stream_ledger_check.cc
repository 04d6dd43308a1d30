// SPDX-License-Identifier: Apache-2.0
//
// The check that keeps a ledger of bytes: whatever is cancelled, fails or is
// closed, what was received is explained by what was sent.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/internal/exact_stream.h"
#include "lib/testing/stream_checks.h"

namespace creche::internal {
namespace {

constexpr size_t kMaxLargeSend = size_t{1} << 18;

// What one end was told to send, and what the other has received.
class Ledger {
 public:
  explicit Ledger(bool ends_need_notice)
      : ends_need_notice_(ends_need_notice) {}

  // The data of the next SendAll(). Valid as long as this.
  absl::string_view AddSend(std::string data) {
    sends_.push_back({std::move(data)});
    return sends_.back().data;
  }
  // The last SendAll() gave OK.
  void SendSucceeded() { sends_.back().is_ok = true; }
  void EofSucceeded() { has_eof_ = true; }
  void SenderClosed() { is_closed_ = true; }

  void AddReceived(absl::string_view data) {
    absl::StrAppend(&received_, data);
  }
  void EndReceived() { has_ended_ = true; }
  bool has_ended() const { return has_ended_; }

  void Check() const {
    EXPECT_TRUE(Explains(0, received_)) << Description();
    EXPECT_TRUE(!has_ended_ || has_eof_ || is_closed_)
        << "there was an end, but the sender had not ended\n"
        << Description();
  }

 private:
  struct Send {
    std::string data;
    bool is_ok = false;  // Otherwise it failed or was cancelled.
  };

  // Whether `received` can be what came of the sends from number `at` on. A
  // send that was cut short was sent as a whole, or not at all, or in part:
  // then it is the last.
  bool Explains(size_t at, absl::string_view received) const {
    if (at == sends_.size()) return received.empty();
    const Send& send = sends_[at];
    if (absl::StartsWith(received, send.data) &&
        Explains(at + 1, received.substr(send.data.size()))) {
      return true;
    }
    if (!send.is_ok && Explains(at + 1, received)) return true;
    return absl::StartsWith(send.data, received) && MayStopIn(at);
  }

  // Whether what was received may be only a part of send number `at`.
  bool MayStopIn(size_t at) const {
    if (!has_ended_) return true;
    if (has_eof_ || ends_need_notice_) return false;
    for (; at < sends_.size(); ++at) {
      if (sends_[at].is_ok) return false;
    }
    return true;
  }

  std::string Description() const {
    std::string text;
    for (const Send& send : sends_) {
      absl::StrAppend(&text,
                      send.is_ok ? "sent " : "cut short: ", send.data.size(),
                      " bytes\n");
    }
    absl::StrAppend(&text, has_eof_ ? "SendEof()\n" : "",
                    is_closed_ ? "the sender was closed\n" : "", "received ",
                    received_.size(), " bytes",
                    has_ended_ ? " and the end" : "");
    return text;
  }

  const bool ends_need_notice_;
  std::deque<Send> sends_;
  bool has_eof_ = false;
  bool is_closed_ = false;
  std::string received_;
  bool has_ended_ = false;
};

// Two tasks that send, receive, cancel and close at random.
class Script {
 public:
  Script(AnyStream& sender, AnyStream& receiver, bool can_send_eof,
         bool ends_need_notice, std::uint32_t seed)
      : sender_(sender),
        receiver_(receiver),
        can_send_eof_(can_send_eof),
        random_(seed),
        ledger_(ends_need_notice) {}

  Task<> Run() {
    co_await Both([this]() -> Task<> { co_await Send(); },
                  [this]() -> Task<> { co_await Receive(); });
    ledger_.Check();
  }

 private:
  // 0 ... n - 1.
  size_t Pick(size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random_);
  }
  bool OneIn(size_t n) { return Pick(n) == 0; }
  absl::Duration ALittle() { return absl::Milliseconds(Pick(4)); }

  std::string Bytes() {
    std::string bytes(1 + Pick(OneIn(2) ? kMaxLargeSend : 20), '\0');
    // All but kNotReceived, which is the last.
    for (char& byte : bytes) byte = static_cast<char>(random_() % 255);
    return bytes;
  }

  Task<> Send() {
    const size_t count = 1 + Pick(5);
    for (size_t i = 0; i < count; ++i) co_await SendOnce();
    if (can_send_eof_ && OneIn(2) && (co_await sender_.SendEof()).ok()) {
      ledger_.EofSucceeded();
    }
    if (OneIn(2)) Close();
    sender_is_done_ = true;
  }

  // May be cancelled, or closed from elsewhere.
  Task<> SendOnce() {
    if (OneIn(2)) co_await SleepFor(ALittle());
    const absl::string_view data = ledger_.AddSend(Bytes());
    if (OneIn(10)) {
      co_await SendWhileItCloses(data);
      co_return;
    }
    const absl::Duration limit = OneIn(2) ? ALittle() : absl::Hours(1);
    const std::optional<absl::Status> status =
        co_await MoveOnAfter(limit, sender_.SendAll(data));
    if (status.has_value() && status->ok()) ledger_.SendSucceeded();
  }

  Task<> SendWhileItCloses(absl::string_view data) {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([this]() -> Task<> {
        co_await SleepFor(ALittle());
        Close();
      });
      const absl::Status status = co_await sender_.SendAll(data);
      if (status.ok()) ledger_.SendSucceeded();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  }

  void Close() {
    sender_.Close();
    ledger_.SenderClosed();
  }

  // Until there is an end or an error, or nothing more to wait for.
  Task<> Receive() {
    std::string buffer(1 + Pick(OneIn(2) ? kMaxLargeSend : 20), '\0');
    const bool gives_up = OneIn(8);
    while (!(gives_up && OneIn(16))) {
      if (OneIn(4)) co_await SleepFor(ALittle());
      const bool nothing_will_come = sender_is_done_;
      const auto size = co_await MoveOnAfter(
          ALittle(), receiver_.ReceiveSome(absl::MakeSpan(buffer)));
      if (!size.has_value()) {
        if (nothing_will_come && ++waits_in_vain_ > kMaxWaitsInVain) break;
        continue;
      }
      if (!size->ok()) break;
      if (**size == 0) {
        ledger_.EndReceived();
        break;
      }
      ledger_.AddReceived(absl::string_view(buffer).substr(0, **size));
    }
    receiver_.Close();
  }

  // What the kernel has on the way comes in virtual no time, but not at once.
  static constexpr int kMaxWaitsInVain = 20;

  AnyStream& sender_;
  AnyStream& receiver_;
  const bool can_send_eof_;
  std::minstd_rand random_;
  Ledger ledger_;
  bool sender_is_done_ = false;
  int waits_in_vain_ = 0;
};

}  // namespace

Task<> KeepsTheLedger(AnyStream& a, AnyStream& b, bool can_send_eof,
                      bool ends_need_notice, std::uint32_t seed) {
  Script script(a, b, can_send_eof, ends_need_notice, seed);
  co_await script.Run();
}

}  // namespace creche::internal
