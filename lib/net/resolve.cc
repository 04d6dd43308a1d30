// SPDX-License-Identifier: Apache-2.0

#include "creche/net/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/threads/run_in_thread.h"
#include "lib/net/parse_decimal.h"

namespace creche {
namespace {

using Addresses = absl::StatusOr<std::vector<SocketAddress>>;

// A DNS name has at most 253 bytes; other sources are not known to have more.
constexpr size_t kMaxName = 255;

absl::Status LookupError(int error, int system_error, absl::string_view host,
                         absl::string_view service) {
  const std::string message = absl::StrCat(
      "resolve ", host, service.empty() ? "" : ":", service, ": ",
      error == EAI_SYSTEM ? std::strerror(system_error) : gai_strerror(error));
  switch (error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
    case EAI_SERVICE:
      return absl::NotFoundError(message);
    case EAI_AGAIN:
    case EAI_FAIL:
      return absl::UnavailableError(message);
    case EAI_MEMORY:
      return absl::ResourceExhaustedError(message);
    case EAI_SYSTEM:
      return absl::ErrnoToStatus(system_error, absl::StrCat("resolve ", host));
    default:
      return absl::InternalError(message);
  }
}

// Blocks. Without AI_ADDRCONFIG, which does not count loopback addresses as
// addresses of a family: on a host with no other of IPv4, a name of 127.0.0.1
// would not be found. What cannot be reached comes last (RFC 6724, rule 1).
Addresses LookUp(const std::string& host, const std::string& service) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(
      host.c_str(), service.empty() ? nullptr : service.c_str(), &hints, &list);
  if (error != 0) return LookupError(error, errno, host, service);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list,
                                                             &freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    addresses.push_back(
        SocketAddress::FromKernel(entry->ai_addr, entry->ai_addrlen));
  }
  if (addresses.empty()) return LookupError(EAI_NONAME, 0, host, service);
  return addresses;
}

absl::Status CheckName(absl::string_view what, absl::string_view name) {
  if (name.size() <= kMaxName && name.find('\0') == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("resolve: a ", what, " has at most ", kMaxName,
                   " bytes and no NUL, unlike \"",
                   absl::CHexEscape(name.substr(0, 100)), "\""));
}

// Or what getaddrinfo() would take for one, and cut to 16 bits.
bool IsNumber(absl::string_view service) {
  const size_t first_digit = service.find_first_not_of("+- \t\n\v\f\r");
  return first_digit != absl::string_view::npos &&
         service.find_first_not_of("0123456789", first_digit) ==
             absl::string_view::npos;
}

class GetAddrInfoResolver final : public Resolver {
 public:
  Task<Addresses> Resolve(std::string host, std::uint16_t port) override {
    auto resolve = creche::Resolve(std::move(host), absl::StrCat(port));
    co_return co_await std::move(resolve);
  }
};

}  // namespace

Task<Addresses> Resolve(std::string host, std::string service) {
  co_await Checkpoint();
  std::uint32_t port = 0;
  const bool is_port = service.empty() || IsNumber(service);
  if (!service.empty() && is_port &&
      (!internal::ParseDecimal(service, port) || port > 65535)) {
    co_return absl::InvalidArgumentError(absl::StrCat(
        "resolve ", host.substr(0, kMaxName), ": ", service.substr(0, 20),
        " is not a port: they are 0 to 65535"));
  }
  if (is_port) {
    const absl::StatusOr<SocketAddress> address =
        SocketAddress::Parse(host, static_cast<std::uint16_t>(port));
    if (address.ok()) {
      co_return std::vector<SocketAddress>(1, *address);
    }
  }
  co_await Try(CheckName("name", host));
  co_await Try(CheckName("service", service));
  if (host.empty()) {
    co_return absl::InvalidArgumentError("resolve: the name is empty");
  }
  auto looking_up = RunInThread(
      ThreadOptions().set_name("resolve").set_on_cancel(OnCancel::kAbandon),
      LookUp, std::move(host), std::move(service));
  co_return co_await std::move(looking_up);
}

Resolver& SystemResolver() {
  static GetAddrInfoResolver resolver;
  return resolver;
}

}  // namespace creche
