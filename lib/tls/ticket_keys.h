// SPDX-License-Identifier: Apache-2.0
//
// TicketKeys: what a server's session tickets are encrypted with (RFC 5077, 4).

#ifndef CRECHE_LIB_TLS_TICKET_KEYS_H_
#define CRECHE_LIB_TLS_TICKET_KEYS_H_

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// Each library has one of these only: OpenSSL 3 has deprecated HMAC_CTX.
#ifdef OPENSSL_IS_BORINGSSL
using TicketMac = HMAC_CTX;
#else
using TicketMac = EVP_MAC_CTX;
#endif

class TicketKeys {
 public:
  // Errors: kInvalidArgument: not a multiple of 80 bytes.
  absl::Status Set(absl::string_view keys);
  bool empty() const { return keys_.empty(); }

  // Tickets of this context are encrypted with the first key, and decrypted
  // with any. It knows the TlsContextState that these belong to.
  static void UseFor(SSL_CTX* context);

 private:
  static constexpr std::size_t kNameSize = 16;
  static constexpr std::size_t kMacSize = 32;
  static constexpr std::size_t kCipherSize = 32;

  struct Key {
    static constexpr std::size_t kSize = kNameSize + kMacSize + kCipherSize;
    explicit Key(absl::string_view bytes);

    std::array<unsigned char, kNameSize> name;
    std::array<unsigned char, kMacSize> mac;
    std::array<unsigned char, kCipherSize> cipher;
  };

  const Key* Find(const unsigned char* name) const;
  static int Callback(SSL* ssl, unsigned char* name, unsigned char* iv,
                      EVP_CIPHER_CTX* cipher, TicketMac* mac,
                      int is_encryption);

  std::vector<Key> keys_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_TICKET_KEYS_H_
