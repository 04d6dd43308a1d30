// SPDX-License-Identifier: Apache-2.0
//
// ByteStream: what TcpStream, UnixStream, memory streams and whatever wraps
// them have in common. AnyStream: one of them, of a type that does not show.
//
//   template <creche::ByteStream Stream>
//   creche::Task<absl::Status> Greet(Stream& stream) {
//     co_return co_await stream.SendAll("hello\r\n");
//   }

#ifndef CRECHE_IO_BYTE_STREAM_H_
#define CRECHE_IO_BYTE_STREAM_H_

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/internal/async_body.h"
#include "creche/internal/coroutine_attributes.h"
#include "creche/internal/promise.h"

namespace creche {
namespace internal {

// An awaitable that gives a T.
template <typename Awaitable, typename T>
concept Gives =
    TaskAwaitable<Awaitable> && std::same_as<AwaitResult<Awaitable>, T>;

}  // namespace internal

// Habits beyond the signatures (net/socket_stream.h has them in full):
// - ReceiveSome() gives 0 at the end and only there; cancelled, it loses
// nothing.
// - SendAll() that was cancelled has sent an unknown prefix, and the stream
//   refuses further sends (IsBrokenResource).
// - A second task in one direction gets IsBusyResource.
// - Close() wakes waiters with IsClosedResource; the destructor closes.
template <typename S>
concept ByteStream =
    std::movable<S> &&
    requires(S& stream, absl::Span<char> buffer, absl::string_view data) {
      { stream.ReceiveSome(buffer) } -> internal::Gives<absl::StatusOr<size_t>>;
      { stream.SendAll(data) } -> internal::Gives<absl::Status>;
      { stream.SendEof() } -> internal::Gives<absl::Status>;
      stream.Close();
    };

// Owns a ByteStream. Each call costs a coroutine more.
class AnyStream {
 public:
  template <ByteStream S>
    requires(!std::same_as<std::remove_cvref_t<S>, AnyStream>)
  explicit AnyStream(S stream)
      : stream_(std::make_unique<Holder<S>>(std::move(stream))) {}
  AnyStream(AnyStream&&) noexcept = default;
  AnyStream& operator=(AnyStream&&) noexcept = default;

  // As of the stream within. A stream that was moved from counts as closed.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<size_t>> ReceiveSome(
      absl::Span<char> buffer) {
    return stream_ != nullptr ? stream_->ReceiveSome(buffer)
                              : Closed<absl::StatusOr<size_t>>();
  }
  CRECHE_CORO_WRAPPER Task<absl::Status> SendAll(absl::string_view data) {
    return stream_ != nullptr ? stream_->SendAll(data) : Closed<absl::Status>();
  }
  CRECHE_CORO_WRAPPER Task<absl::Status> SendEof() {
    return stream_ != nullptr ? stream_->SendEof() : Closed<absl::Status>();
  }
  void Close() {
    if (stream_ != nullptr) stream_->Close();
  }

 private:
  class Interface {
   public:
    virtual ~Interface() = default;
    virtual Task<absl::StatusOr<size_t>> ReceiveSome(absl::Span<char>) = 0;
    virtual Task<absl::Status> SendAll(absl::string_view) = 0;
    virtual Task<absl::Status> SendEof() = 0;
    virtual void Close() = 0;
  };

  template <typename S>
  class Holder final : public Interface {
   public:
    explicit Holder(S stream) : stream_(std::move(stream)) {}
    Task<absl::StatusOr<size_t>> ReceiveSome(absl::Span<char> buffer) override {
      co_return co_await stream_.ReceiveSome(buffer);
    }
    Task<absl::Status> SendAll(absl::string_view data) override {
      co_return co_await stream_.SendAll(data);
    }
    Task<absl::Status> SendEof() override {
      co_return co_await stream_.SendEof();
    }
    void Close() override { stream_.Close(); }

   private:
    S stream_;
  };

  template <typename Result>
  static Task<Result> Closed() {
    co_return ClosedResourceError("AnyStream: it was moved from");
  }

  std::unique_ptr<Interface> stream_;
};

}  // namespace creche

#endif  // CRECHE_IO_BYTE_STREAM_H_
