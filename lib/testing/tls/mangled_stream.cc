// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/tls/mangled_stream.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"

namespace creche {

class MangledStream::State {
 public:
  State(AnyStream wrapped, const Mangling& mangling)
      : stream(std::move(wrapped)),
        mangling_(mangling),
        random_(mangling.seed()) {}

  static Task<absl::StatusOr<std::size_t>> Receive(std::shared_ptr<State> self,
                                                   absl::Span<char> buffer) {
    const Mangling& mangling = self->mangling_;
    if (mangling.max_delay() > absl::ZeroDuration()) {
      const absl::Duration delay =
          mangling.max_delay() * (static_cast<double>(self->Pick(1001)) / 1000);
      co_await SleepFor(delay);
    }
    while (!self->has_ended_ && self->held_.size() < mangling.merged()) {
      char piece[4096];
      const std::size_t size =
          co_await Try(self->stream.ReceiveSome(absl::MakeSpan(piece)));
      self->Hold(absl::MakeSpan(piece, size));
    }
    co_return self->Take(buffer);
  }

  AnyStream stream;

 private:
  // 0 ... n - 1.
  std::size_t Pick(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  // Nothing: the stream has ended.
  void Hold(absl::Span<char> piece) {
    if (piece.empty()) has_ended_ = true;
    const std::size_t flip_at = mangling_.flip_at() - received_;
    if (mangling_.flip_at() >= received_ && flip_at < piece.size()) {
      piece[flip_at] = static_cast<char>(piece[flip_at] ^ (1 << Pick(8)));
    }
    const std::size_t left = mangling_.cut_after() - received_;
    if (piece.size() >= left) {
      piece = piece.first(left);
      has_ended_ = true;
    }
    received_ += piece.size();
    held_.append(piece.data(), piece.size());
  }

  std::size_t Take(absl::Span<char> buffer) {
    std::size_t size = std::min(buffer.size(), held_.size());
    if (size > 0 && mangling_.max_piece() < size) {
      size = 1 + Pick(mangling_.max_piece());
    }
    std::copy_n(held_.data(), size, buffer.data());
    held_.erase(0, size);
    return size;
  }

  const Mangling mangling_;
  std::mt19937 random_;
  std::size_t received_ = 0;  // From the stream; never more than cut_after().
  std::string held_;          // What of it was not delivered.
  bool has_ended_ = false;
};

MangledStream::MangledStream(AnyStream stream, Mangling mangling)
    : state_(std::make_shared<State>(std::move(stream), mangling)) {}

MangledStream::MangledStream(MangledStream&&) noexcept = default;

MangledStream& MangledStream::operator=(MangledStream&& other) noexcept {
  if (this != &other) {
    Close();
    state_ = std::move(other.state_);
  }
  return *this;
}

MangledStream::~MangledStream() { Close(); }

CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::size_t>>
MangledStream::ReceiveSome(absl::Span<char> buffer) {
  return State::Receive(state_, buffer);
}

CRECHE_CORO_WRAPPER Task<absl::Status> MangledStream::SendAll(
    absl::string_view data) {
  return state_->stream.SendAll(data);
}

CRECHE_CORO_WRAPPER Task<absl::Status> MangledStream::SendEof() {
  return state_->stream.SendEof();
}

std::size_t MangledStream::TrySend(absl::string_view data) {
  return state_ != nullptr ? state_->stream.TrySend(data) : 0;
}

void MangledStream::Close() {
  if (state_ != nullptr) state_->stream.Close();
}

}  // namespace creche
