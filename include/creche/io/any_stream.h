// SPDX-License-Identifier: Apache-2.0
//
// AnyStream: a ByteStream of whatever kind.
//
//   creche::AnyStream stream(std::move(tcp_stream));
//   co_await creche::Try(stream.SendAll("hello"));

#ifndef CRECHE_IO_ANY_STREAM_H_
#define CRECHE_IO_ANY_STREAM_H_

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/io/internal/stream_name.h"

namespace creche {

// Owns the stream. Cancellation, errors and the rest are those of the stream in
// it; one that was moved from counts as closed. Costs a frame and a virtual
// call per operation.
class AnyStream {
 public:
  // In this order: whether AnyStream is movable must not depend on itself.
  template <typename Stream>
    requires(!std::same_as<Stream, AnyStream>) && ByteStream<Stream>
  explicit AnyStream(Stream stream)
      : stream_(std::make_unique<Holder<Stream>>(std::move(stream))) {}

  // Same as ByteStream.
  // Cancellation: same as the stream in it.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::size_t>> ReceiveSome(
      absl::Span<char> buffer) {
    return stream_ != nullptr ? stream_->ReceiveSome(buffer)
                              : Closed<absl::StatusOr<std::size_t>>();
  }
  CRECHE_CORO_WRAPPER Task<absl::Status> SendAll(absl::string_view data) {
    return stream_ != nullptr ? stream_->SendAll(data) : Closed<absl::Status>();
  }
  CRECHE_CORO_WRAPPER Task<absl::Status> SendEof() {
    return stream_ != nullptr ? stream_->SendEof() : Closed<absl::Status>();
  }
  // As HasTrySend says. 0 also if the stream in it does not have this.
  std::size_t TrySend(absl::string_view data) {
    return stream_ != nullptr ? stream_->TrySend(data) : 0;
  }

  // As HasName says; empty if the stream in it does not have this.
  std::string name() const { return stream_ != nullptr ? stream_->name() : ""; }

  // Same as ByteStream.
  void Close() {
    if (stream_ != nullptr) stream_->Close();
  }
  // As HasAbort says; Close() if the stream in it does not have this.
  void Abort() {
    if (stream_ != nullptr) stream_->Abort();
  }

 private:
  class Interface {
   public:
    virtual ~Interface() = default;
    virtual Task<absl::StatusOr<std::size_t>> ReceiveSome(
        absl::Span<char> buffer) = 0;
    virtual Task<absl::Status> SendAll(absl::string_view data) = 0;
    virtual Task<absl::Status> SendEof() = 0;
    virtual std::size_t TrySend(absl::string_view data) = 0;
    virtual std::string name() const = 0;
    virtual void Close() = 0;
    virtual void Abort() = 0;
  };

  template <typename Stream>
  class Holder final : public Interface {
   public:
    explicit Holder(Stream stream) : stream_(std::move(stream)) {}

    Task<absl::StatusOr<std::size_t>> ReceiveSome(
        absl::Span<char> buffer) override {
      co_return co_await stream_.ReceiveSome(buffer);
    }
    Task<absl::Status> SendAll(absl::string_view data) override {
      co_return co_await stream_.SendAll(data);
    }
    Task<absl::Status> SendEof() override {
      co_return co_await stream_.SendEof();
    }
    std::size_t TrySend(absl::string_view data) override {
      if constexpr (HasTrySend<Stream>) {
        return stream_.TrySend(data);
      } else {
        return 0;
      }
    }
    std::string name() const override { return internal::NameOf(stream_); }
    void Close() override { stream_.Close(); }
    void Abort() override {
      if constexpr (HasAbort<Stream>) {
        stream_.Abort();
      } else {
        stream_.Close();
      }
    }

   private:
    Stream stream_;
  };

  template <typename Result>
  static Task<Result> Closed() {
    co_await internal::BudgetedCheckpoint();
    co_return ClosedResourceError("AnyStream: it was moved from");
  }

  std::unique_ptr<Interface> stream_;
};

}  // namespace creche

#endif  // CRECHE_IO_ANY_STREAM_H_
