// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/session_cache.h"

#include <openssl/ssl.h>

#include <mutex>
#include <string>
#include <utility>

#include "lib/tls/openssl_ptr.h"

namespace creche::internal {

void SessionCache::Put(const std::string& name,
                       OpensslPtr<SSL_SESSION> session) {
  if (is_disabled()) return;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    entries_.erase(found->second);
    by_name_.erase(found);
  }
  if (entries_.size() == capacity_) {
    by_name_.erase(entries_.back().first);
    entries_.pop_back();
  }
  entries_.emplace_front(name, std::move(session));
  by_name_.emplace(name, entries_.begin());
}

OpensslPtr<SSL_SESSION> SessionCache::Take(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  OpensslPtr<SSL_SESSION> session = std::move(found->second->second);
  entries_.erase(found->second);
  by_name_.erase(found);
  return session;
}

}  // namespace creche::internal
