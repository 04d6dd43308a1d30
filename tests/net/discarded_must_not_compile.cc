// SPDX-License-Identifier: Apache-2.0
//
// Correct code, with a mistake in each #ifdef: an operation that nobody awaits.
// See bazel/compile_fail_test.bzl.

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/pipe.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/udp_socket.h"
#include "creche/net/unix_socket.h"

namespace creche {

inline Task<absl::Status> Correct(TcpListener& listener, TcpStream& stream) {
  TcpStream other = co_await Try(listener.Accept());
  co_await Try(other.SendAll("x"));
  co_return co_await stream.SendEof();
}

#ifdef TCP_SEND_ALL
inline void Mistake(TcpStream& stream) { stream.SendAll("x"); }
#endif

#ifdef TCP_SEND_EOF
inline void Mistake(TcpStream& stream) { stream.SendEof(); }
#endif

#ifdef TCP_RECEIVE_SOME
inline void Mistake(TcpStream& stream, absl::Span<char> buffer) {
  stream.ReceiveSome(buffer);
}
#endif

#ifdef TCP_RECEIVE_EXACTLY
inline void Mistake(TcpStream& stream, absl::Span<char> buffer) {
  stream.ReceiveExactly(buffer);
}
#endif

#ifdef TCP_RECEIVE
inline void Mistake(TcpStream& stream) { stream.Receive(); }
#endif

#ifdef TCP_ACCEPT
inline void Mistake(TcpListener& listener) { listener.Accept(); }
#endif

#ifdef TCP_ACCEPT_ONE
inline void Mistake(TcpListener& listener) { listener.AcceptOne(); }
#endif

#ifdef UNIX_ACCEPT
inline void Mistake(UnixListener& listener) { listener.Accept(); }
#endif

#ifdef UNIX_SEND_DESCRIPTORS
inline void Mistake(UnixStream& stream, absl::Span<const int> descriptors) {
  stream.SendDescriptors("x", descriptors);
}
#endif

#ifdef UNIX_RECEIVE_DESCRIPTORS
inline void Mistake(UnixStream& stream, absl::Span<char> buffer) {
  stream.ReceiveDescriptors(buffer);
}
#endif

#ifdef UDP_SEND_TO
inline void Mistake(UdpSocket& socket, const SocketAddress& to) {
  socket.SendTo("x", to);
}
#endif

#ifdef UDP_RECEIVE_FROM
inline void Mistake(UdpSocket& socket, absl::Span<char> buffer) {
  socket.ReceiveFrom(buffer);
}
#endif

#ifdef PIPE_SEND_ALL
inline void Mistake(PipeWriter& writer) { writer.SendAll("x"); }
#endif

#ifdef PIPE_SEND_EOF
inline void Mistake(PipeWriter& writer) { writer.SendEof(); }
#endif

#ifdef PIPE_RECEIVE_SOME
inline void Mistake(PipeReader& reader, absl::Span<char> buffer) {
  reader.ReceiveSome(buffer);
}
#endif

}  // namespace creche
