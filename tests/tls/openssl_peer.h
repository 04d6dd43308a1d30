// SPDX-License-Identifier: Apache-2.0
//
// OpensslPeer: the other side of a TLS stream, with OpenSSL at hand: it can do
// what a TlsStream never does.

#ifndef CRECHE_TESTS_TLS_OPENSSL_PEER_H_
#define CRECHE_TESTS_TLS_OPENSSL_PEER_H_

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/testing/memory_stream.h"
#include "lib/tls/openssl_ptr.h"

namespace creche {

class OpensslPeer {
 public:
  // A server with this certificate, or a client, if there is none, that accepts
  // any.
  OpensslPeer(MemoryStream transport, absl::string_view chain,
              absl::string_view key)
      : transport_(std::move(transport)),
        context_(SSL_CTX_new(chain.empty() ? TLS_client_method()
                                           : TLS_server_method())) {
    if (!chain.empty()) UseCertificate(chain, key);
  }

  SSL_CTX* context() { return context_.get(); }
  SSL* ssl() {
    if (ssl_ == nullptr) Begin();
    return ssl_.get();
  }
  MemoryStream& transport() { return transport_; }

  Task<absl::Status> Handshake() {
    while (SSL_do_handshake(ssl()) != 1) {
      co_await Try(Flush());
      co_await Try(Feed());
    }
    co_return co_await Flush();
  }

  // Sends what OpenSSL has written.
  Task<absl::Status> Flush() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl()), &data);
    const std::string sent(data, static_cast<std::size_t>(size));
    BIO_reset(SSL_get_wbio(ssl()));
    if (!sent.empty()) co_await Try(transport_.SendAll(sent));
    co_return absl::OkStatus();
  }

  Task<absl::Status> Send(std::string data) {
    SSL_write(ssl(), data.data(), static_cast<int>(data.size()));
    co_return co_await Flush();
  }

  // At least one byte; none at the end.
  Task<absl::StatusOr<std::string>> Receive() {
    for (;;) {
      char buffer[4096];
      ERR_clear_error();
      const int size = SSL_read(ssl(), buffer, sizeof(buffer));
      if (size > 0) co_return std::string(buffer, std::size_t(size));
      const int error = SSL_get_error(ssl(), size);
      co_await Try(Flush());
      if (error == SSL_ERROR_ZERO_RETURN) co_return std::string();
      if (error != SSL_ERROR_WANT_READ) {
        co_return absl::InternalError(
            ERR_reason_error_string(ERR_peek_last_error()));
      }
      co_await Try(Feed());
    }
  }

 private:
  void UseCertificate(absl::string_view chain, absl::string_view key) {
    using internal::OpensslPtr;
    const OpensslPtr<BIO> chain_text(
        BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())));
    const OpensslPtr<X509> certificate(
        PEM_read_bio_X509(chain_text.get(), nullptr, nullptr, nullptr));
    const OpensslPtr<BIO> key_text(
        BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
    const OpensslPtr<EVP_PKEY> private_key(
        PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), private_key.get());
    is_server_ = true;
  }

  void Begin() {
    ssl_.reset(SSL_new(context_.get()));
    BIO* const input = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(input, -1);
    SSL_set_bio(ssl_.get(), input, BIO_new(BIO_s_mem()));
    if (is_server_) {
      SSL_set_accept_state(ssl_.get());
    } else {
      SSL_set_connect_state(ssl_.get());
    }
  }

  Task<absl::Status> Feed() {
    char buffer[4096];
    const std::size_t size =
        co_await Try(transport_.ReceiveSome(absl::MakeSpan(buffer)));
    if (size == 0) co_return absl::UnavailableError("the transport has ended");
    BIO_write(SSL_get_rbio(ssl()), buffer, static_cast<int>(size));
    co_return absl::OkStatus();
  }

  MemoryStream transport_;
  internal::OpensslPtr<SSL_CTX> context_;
  internal::OpensslPtr<SSL> ssl_;
  bool is_server_ = false;
};

}  // namespace creche

#endif  // CRECHE_TESTS_TLS_OPENSSL_PEER_H_
