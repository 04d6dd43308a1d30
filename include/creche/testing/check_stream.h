// SPDX-License-Identifier: Apache-2.0
//
// CheckTwoWayStream and others: a test suite for anything that is a ByteStream
// (io/byte_stream.h).
//
//   TEST(MyStreamTest, IsAByteStream) {
//     // Two connected ends.
//     creche::CheckTwoWayStream([] { return MyStreamPair(); });
//   }

#ifndef CRECHE_TESTING_CHECK_STREAM_H_
#define CRECHE_TESTING_CHECK_STREAM_H_

#include <utility>

#include "creche/testing/internal/stream_maker.h"

namespace creche {

// In what a stream differs from others.
class StreamTraits {
 public:
  StreamTraits() {}  // NOLINT: an aggregate would be destroyed twice.

  // The peer has an end only if it was told of one, as with TLS. So after a
  // send that was cut short, Close() gives it IsBrokenResource, where other
  // streams show an end.
  StreamTraits& set_ends_need_notice(bool need_notice) {
    ends_need_notice_ = need_notice;
    return *this;
  }
  bool ends_need_notice() const { return ends_need_notice_; }

 private:
  bool ends_need_notice_ = false;
};

// Each runs some dozens of named checks, in a run of its own each, as
// CRECHE_TEST does. Call them from a TEST. The name of the check stands in
// every failure.
//
// `maker` makes a pair (std::pair) of connected streams, or returns a Task of
// one. `clogged_maker` makes a pair whose first end has a SendAll() of 1 MiB
// wait for the second to receive; without it nothing is checked about sends
// that wait.
//
// Among the checks are random scripts of sends, receives, cancellations and
// ends, under which a ledger of all bytes must come out even. If both streams
// have a ReceiveExactly(buffer), which gives an absl::Status, it must lose no
// more than that of a SocketStream does (net/socket_stream.h).

// From the first end to the second.
template <typename Maker, typename CloggedMaker = internal::NoClogging>
void CheckOneWayStream(Maker maker, CloggedMaker clogged_maker = {},
                       StreamTraits traits = StreamTraits()) {
  internal::CheckStream(
      internal::StreamKind::kOneWay, *internal::AsStreamMaker(std::move(maker)),
      internal::AsStreamMaker(std::move(clogged_maker)).get(), traits);
}
template <typename Maker>
void CheckOneWayStream(Maker maker, StreamTraits traits) {
  CheckOneWayStream(std::move(maker), internal::NoClogging(), traits);
}

// In both directions.
template <typename Maker, typename CloggedMaker = internal::NoClogging>
void CheckTwoWayStream(Maker maker, CloggedMaker clogged_maker = {},
                       StreamTraits traits = StreamTraits()) {
  internal::CheckStream(
      internal::StreamKind::kTwoWay, *internal::AsStreamMaker(std::move(maker)),
      internal::AsStreamMaker(std::move(clogged_maker)).get(), traits);
}
template <typename Maker>
void CheckTwoWayStream(Maker maker, StreamTraits traits) {
  CheckTwoWayStream(std::move(maker), internal::NoClogging(), traits);
}

// In both directions, of which each can be ended by SendEof().
template <typename Maker, typename CloggedMaker = internal::NoClogging>
void CheckHalfCloseableStream(Maker maker, CloggedMaker clogged_maker = {},
                              StreamTraits traits = StreamTraits()) {
  internal::CheckStream(internal::StreamKind::kHalfCloseable,
                        *internal::AsStreamMaker(std::move(maker)),
                        internal::AsStreamMaker(std::move(clogged_maker)).get(),
                        traits);
}
template <typename Maker>
void CheckHalfCloseableStream(Maker maker, StreamTraits traits) {
  CheckHalfCloseableStream(std::move(maker), internal::NoClogging(), traits);
}

}  // namespace creche

#endif  // CRECHE_TESTING_CHECK_STREAM_H_
