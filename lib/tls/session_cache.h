// SPDX-License-Identifier: Apache-2.0
//
// SessionCache: the sessions of a client's context, by the names of servers.

#ifndef CRECHE_LIB_TLS_SESSION_CACHE_H_
#define CRECHE_LIB_TLS_SESSION_CACHE_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "lib/tls/openssl_ptr.h"

namespace creche::internal {

// For any thread. Keeps the newest session of each name, and of so many names
// those that were used last.
class SessionCache {
 public:
  explicit SessionCache(std::size_t names) : capacity_(names) {}
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  void Put(const std::string& name, OpensslPtr<SSL_SESSION> session);
  // nullptr if there is none. It is the caller's: a session is used for one
  // handshake only (RFC 8446, C.4), after which the server gives new ones.
  OpensslPtr<SSL_SESSION> Take(const std::string& name);

  bool is_disabled() const { return capacity_ == 0; }

 private:
  using Entry = std::pair<std::string, OpensslPtr<SSL_SESSION>>;

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // The newest first.
  std::map<std::string, std::list<Entry>::iterator> by_name_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_SESSION_CACHE_H_
