// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/ticket_keys.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/tls/tls_context_state.h"

#ifndef OPENSSL_IS_BORINGSSL
#include <openssl/core_names.h>
#include <openssl/params.h>
#endif

namespace creche::internal {
namespace {

// What the callback answers, besides -1.
constexpr int kUnknownKey = 0;  // A full handshake follows.
constexpr int kUse = 1;
constexpr int kUseAndRenew = 2;  // The client gets a ticket of the first key.
constexpr int kError = -1;

#ifdef OPENSSL_IS_BORINGSSL

bool SetMacKey(HMAC_CTX* mac, const unsigned char* key, std::size_t size) {
  return HMAC_Init_ex(mac, key, size, EVP_sha256(), nullptr) == 1;
}

#else

bool SetMacKey(EVP_MAC_CTX* mac, const unsigned char* key, std::size_t size) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<unsigned char*>(key), size),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

#endif

}  // namespace

TicketKeys::Key::Key(absl::string_view bytes) {
  const auto* next = reinterpret_cast<const unsigned char*>(bytes.data());
  std::copy_n(next, name.size(), name.begin());
  next += name.size();
  std::copy_n(next, mac.size(), mac.begin());
  next += mac.size();
  std::copy_n(next, cipher.size(), cipher.begin());
}

absl::Status TicketKeys::Set(absl::string_view keys) {
  if (keys.size() % Key::kSize != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("set_ticket_keys(): a key has ", Key::kSize,
                     " bytes (name 16, HMAC 32, AES 32), and ", keys.size(),
                     " are not a multiple of that"));
  }
  for (; !keys.empty(); keys.remove_prefix(Key::kSize)) {
    keys_.emplace_back(keys);
  }
  return absl::OkStatus();
}

void TicketKeys::UseFor(SSL_CTX* context) {
#ifdef OPENSSL_IS_BORINGSSL
  SSL_CTX_set_tlsext_ticket_key_cb(context, &TicketKeys::Callback);
#else
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &TicketKeys::Callback);
#endif
}

const TicketKeys::Key* TicketKeys::Find(const unsigned char* name) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) {
        return std::equal(key.name.begin(), key.name.end(), name);
      });
  return found != keys_.end() ? &*found : nullptr;
}

int TicketKeys::Callback(SSL* ssl, unsigned char* name, unsigned char* iv,
                         EVP_CIPHER_CTX* cipher, TicketMac* mac,
                         int is_encryption) {
  const TicketKeys& keys =
      TlsContextState::Of(SSL_get_SSL_CTX(ssl)).ticket_keys;
  const EVP_CIPHER* const aes = EVP_aes_256_cbc();
  if (is_encryption != 0) {
    const Key& key = keys.keys_.front();
    std::copy(key.name.begin(), key.name.end(), name);
    const bool is_ready =
        RAND_bytes(iv, EVP_CIPHER_iv_length(aes)) == 1 &&
        EVP_EncryptInit_ex(cipher, aes, nullptr, key.cipher.data(), iv) == 1 &&
        SetMacKey(mac, key.mac.data(), key.mac.size());
    return is_ready ? kUse : kError;
  }
  const Key* const key = keys.Find(name);
  if (key == nullptr) return kUnknownKey;
  const bool is_ready =
      SetMacKey(mac, key->mac.data(), key->mac.size()) &&
      EVP_DecryptInit_ex(cipher, aes, nullptr, key->cipher.data(), iv) == 1;
  if (!is_ready) return kError;
  return key == &keys.keys_.front() ? kUse : kUseAndRenew;
}

}  // namespace creche::internal
