// SPDX-License-Identifier: Apache-2.0
//
// ByteStream: what all streams of bytes have in common.
//
//   template <creche::ByteStream Stream>
//   creche::Task<absl::Status> Greet(Stream& stream) {
//     co_return co_await stream.SendAll("hello");
//   }
//
// Where a template is too much, use AnyStream (io/any_stream.h).

#ifndef CRECHE_IO_BYTE_STREAM_H_
#define CRECHE_IO_BYTE_STREAM_H_

#include <concepts>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/internal/await_result.h"

namespace creche {

// What bytes can be read from. Files are such (io/file.h), and:
template <typename Stream>
concept ByteSource =
    std::movable<Stream> && requires(Stream& stream, absl::Span<char> buffer) {
      {
        stream.ReceiveSome(buffer)
      } -> internal::AwaitableOf<absl::StatusOr<std::size_t>>;
    };

// What bytes come from, and where they can be sent: the parts of a ByteStream
// that readers and writers need. A pipe has an end of each kind (io/pipe.h).
template <typename Stream>
concept ByteReceiver = ByteSource<Stream> && requires(Stream& stream) {
  { stream.Close() } -> std::same_as<void>;
};
template <typename Stream>
concept ByteSender =
    std::movable<Stream> && requires(Stream& stream, absl::string_view data) {
      { stream.SendAll(data) } -> internal::AwaitableOf<absl::Status>;
      { stream.Close() } -> std::same_as<void>;
    };

// A connection, or one end of something like it. It closes when it is
// destroyed. One task can receive while another sends.
//
//   ReceiveSome(buffer)  waits for bytes; gives how many there are in `buffer`,
//                        or 0 at the end. A cancelled call has lost nothing.
//   SendAll(data)        sends all of `data`. A call that was cancelled or has
//                        failed may have sent a part, or even the whole; the
//                        stream knows, and then refuses to send more
//                        (IsBrokenResource). Otherwise it has sent nothing, and
//                        can be repeated.
//   SendEof()            the peer's receives give 0 after what was sent before.
//                        Refused, too, after a part.
//   Close()              wakes who waits on this stream.
//
// Errors: IsClosedResource after Close(), or SendAll() after SendEof();
// IsBusyResource for a second task in the same direction; IsBrokenResource if
// the peer is gone, and from then on.
//
// testing/check_stream.h has a test suite that tells whether a class behaves
// like this.
template <typename Stream>
concept ByteStream =
    ByteReceiver<Stream> && ByteSender<Stream> && requires(Stream& stream) {
      { stream.SendEof() } -> internal::AwaitableOf<absl::Status>;
    };

// A stream that can also send without waiting:
//
//   TrySend(data)        sends what of `data` goes at once, from its beginning,
//                        and gives how much that is: 0 if nothing, if another
//                        task is sending, or if the stream is closed, ended or
//                        broken. No cancel point.
template <typename Stream>
concept HasTrySend = requires(Stream& stream, absl::string_view data) {
  { stream.TrySend(data) } -> std::same_as<std::size_t>;
};

// A stream that can also close in a way that its peer cannot take for an end:
//
//   Abort()              Close(), and the peer's operations fail
//                        (IsBrokenResource); what it has not received is lost.
//                        A stream that is closed already stays as it is.
template <typename Stream>
concept HasAbort = requires(Stream& stream) { stream.Abort(); };

// A stream that knows which one it is:
//
//   name()               for people, as its errors have it: the peer's address,
//                        say. Stays when the stream is closed; empty if there
//                        is none.
template <typename Stream>
concept HasName = requires(const Stream& stream) {
  { stream.name() } -> std::same_as<std::string>;
};

}  // namespace creche

#endif  // CRECHE_IO_BYTE_STREAM_H_
