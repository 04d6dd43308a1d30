// SPDX-License-Identifier: Apache-2.0
//
// HttpClientOptions: whom an HttpClient trusts, and its limits.
//
//   creche::HttpClientOptions options;
//   options.set_max_body(1 << 20).set_max_redirects(0);
//   creche::HttpClient client(options);

#ifndef CRECHE_CURL_HTTP_CLIENT_OPTIONS_H_
#define CRECHE_CURL_HTTP_CLIENT_OPTIONS_H_

#include <cstddef>
#include <string>
#include <utility>

#include "creche/net/resolve.h"

namespace creche {

// For HttpClient. What is wrong with a file or a proxy, each fetch tells.
class HttpClientOptions {
 public:
  HttpClientOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // Trusts the certificates in this PEM file, and no others. The system's trust
  // by default.
  HttpClientOptions& set_trusted_file(std::string path) {
    trusted_file_ = std::move(path);
    return *this;
  }
  // What the client shows to a server that asks: PEM files, the chain beginning
  // with the client's own certificate.
  HttpClientOptions& set_certificate(std::string chain_file,
                                     std::string key_file) {
    chain_file_ = std::move(chain_file);
    key_file_ = std::move(key_file);
    return *this;
  }
  // "http://HOST:PORT", or https, or a SOCKS proxy that resolves names by
  // itself (socks4a, socks5h). None by default: the environment is not asked.
  HttpClientOptions& set_proxy(std::string url) {
    proxy_ = std::move(url);
    return *this;
  }
  // How many redirects a fetch follows, one after another. 10 by default; with
  // 0 a redirect is the response.
  HttpClientOptions& set_max_redirects(int redirects) {
    max_redirects_ = redirects;
    return *this;
  }
  // How long a body may be, uncompressed, streamed ones included. 64 MiB by
  // default.
  HttpClientOptions& set_max_body(std::size_t bytes) {
    max_body_ = bytes;
    return *this;
  }
  // How long the headers of a response may be, all together. 64 KiB by default;
  // libcurl takes no single line of more than 100 KiB.
  HttpClientOptions& set_max_headers(std::size_t bytes) {
    max_headers_ = bytes;
    return *this;
  }
  // Further fetches wait for one of these. Range: 1 or more; 8 by default.
  HttpClientOptions& set_max_connections_per_host(std::size_t connections) {
    max_connections_per_host_ = connections;
    return *this;
  }
  // Who knows the addresses of hosts, and of the proxy. It must outlive the
  // client. SystemResolver() by default.
  HttpClientOptions& set_resolver(Resolver& resolver) {
    resolver_ = &resolver;
    return *this;
  }

  // What was set.
  const std::string& trusted_file() const { return trusted_file_; }
  const std::string& chain_file() const { return chain_file_; }
  const std::string& key_file() const { return key_file_; }
  const std::string& proxy() const { return proxy_; }
  int max_redirects() const { return max_redirects_; }
  std::size_t max_body() const { return max_body_; }
  std::size_t max_headers() const { return max_headers_; }
  std::size_t max_connections_per_host() const {
    return max_connections_per_host_;
  }
  Resolver& resolver() const {
    return resolver_ != nullptr ? *resolver_ : SystemResolver();
  }

 private:
  std::string trusted_file_;
  std::string chain_file_;
  std::string key_file_;
  std::string proxy_;
  int max_redirects_ = 10;
  std::size_t max_body_ = std::size_t{64} << 20;
  std::size_t max_headers_ = std::size_t{64} << 10;
  std::size_t max_connections_per_host_ = 8;
  Resolver* resolver_ = nullptr;
};

}  // namespace creche

#endif  // CRECHE_CURL_HTTP_CLIENT_OPTIONS_H_
