// SPDX-License-Identifier: Apache-2.0
//
// TlsEngine: the TLS protocol of one connection, without a connection: bytes
// from the peer go in, bytes for the peer come out. OpenSSL does the work.

#ifndef CRECHE_TLS_INTERNAL_TLS_ENGINE_H_
#define CRECHE_TLS_INTERNAL_TLS_ENGINE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_info.h"
#include "creche/tls/tls_options.h"

namespace creche::internal {

// What a step of the protocol comes to.
enum class TlsOutcome {
  kDone,
  kNeedsInput,  // All input is used up. Some output may be there.
  kEnd,         // The peer has said that it will send no more.
  kFailed,      // status() says why. Some output (an alert) may be there.
};

// One task uses it at a time; between its calls another may.
class TlsEngine {
 public:
  // Errors: kInvalidArgument: no server name.
  static absl::StatusOr<std::unique_ptr<TlsEngine>> ForClient(
      const TlsContext& context, std::string server_name,
      const TlsOptions& options);
  static std::unique_ptr<TlsEngine> ForServer(const TlsContext& context,
                                              const TlsOptions& options);
  ~TlsEngine();

  // Never kEnd.
  TlsOutcome Handshake();
  // After the handshake.
  const TlsInfo& info() const;

  // kDone: the first `size` bytes of `buffer`, at least one, are the peer's.
  TlsOutcome Read(absl::Span<char> buffer, std::size_t& size);
  // kDone: there is something to read. Leaves it there.
  TlsOutcome Peek();
  // kDone: the first `size` bytes of `data`, at least one, are in the output.
  // Never kNeedsInput or kEnd.
  TlsOutcome Write(absl::string_view data, std::size_t& size);
  // Puts the notice that no more will be written into the output, once.
  void WriteEnd();

  // What the peer has sent. It must stay where it is until all of it is used
  // up. Requires: the input before it is used up.
  void SetInput(absl::string_view input);
  // The peer's bytes have ended.
  void EndInput();
  // What of it was not used.
  absl::string_view input() const;

  // What is for the peer, in this order.
  bool has_output() const { return !output().empty(); }
  const std::string& output() const;
  // Leaves none. For GiveBackBuffer(), once it is sent.
  std::string TakeOutput();
  // Drops the first `size` bytes of the output.
  void RemoveOutput(std::size_t size);
  // After the handshake: whether the peer cannot go on without what is there.
  bool PeerWaitsForOutput() const;

  // Why a step has failed.
  const absl::Status& status() const;

  absl::StatusOr<std::string> Exporter(absl::string_view label,
                                       std::size_t size) const;

 private:
  class State;

  explicit TlsEngine(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_TLS_ENGINE_H_
