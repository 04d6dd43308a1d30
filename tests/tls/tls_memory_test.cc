// SPDX-License-Identifier: Apache-2.0
//
// What a connection holds while it is idle, and what it allocates while it is
// busy: OpenSSL's part is counted apart from creche's.

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"
#include "creche/uring/uring_features.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"
#include "tests/support/tcp_pair.h"

namespace {

// What is allocated, by new here and by OpenSSL there.
struct Allocated {
  std::size_t times = 0;
  std::size_t bytes = 0;  // That are not free again.
};

Allocated ours;
Allocated openssls;

// The size of what is allocated lies before it.
constexpr std::size_t kHead = alignof(std::max_align_t);

void* Allocate(std::size_t size, Allocated& whose) {
  auto* const memory = static_cast<char*>(std::malloc(kHead + size));
  if (memory == nullptr) std::abort();
  *reinterpret_cast<std::size_t*>(memory) = size;
  ++whose.times;
  whose.bytes += size;
  return memory + kHead;
}

void Free(void* memory, Allocated& whose) {
  if (memory == nullptr) return;
  char* const begin = static_cast<char*>(memory) - kHead;
  whose.bytes -= *reinterpret_cast<std::size_t*>(begin);
  std::free(begin);
}

void* AllocateForOpenssl(std::size_t size, const char*, int) {
  return size == 0 ? nullptr : Allocate(size, openssls);
}

void FreeForOpenssl(void* memory, const char*, int) { Free(memory, openssls); }

void* ReallocateForOpenssl(void* memory, std::size_t size, const char*, int) {
  if (memory == nullptr) return Allocate(size, openssls);
  const std::size_t before =
      *reinterpret_cast<std::size_t*>(static_cast<char*>(memory) - kHead);
  void* const larger = Allocate(size, openssls);
  std::copy_n(static_cast<char*>(memory), std::min(before, size),
              static_cast<char*>(larger));
  Free(memory, openssls);
  return larger;
}

// Before OpenSSL allocates anything.
const int are_counted = CRYPTO_set_mem_functions(
    AllocateForOpenssl, ReallocateForOpenssl, FreeForOpenssl);

}  // namespace

// Not inlined, lest g++ takes what they call for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return Allocate(size, ours);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  Free(memory, ours);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  Free(memory, ours);
}

namespace creche {
namespace {

using TcpTls = TlsStream<TcpStream>;

class TlsMemoryTest : public ::testing::TestWithParam<TlsVersion> {
 protected:
  void SetUp() override {
    if (kHasAddressSanitizer) {
      GTEST_SKIP() << "with AddressSanitizer, frames come from the heap";
    }
    ASSERT_EQ(are_counted, 1);
  }
};

// Made once, and not counted: connections share it.
TlsContext ContextOf(TlsVersion version) {
  return TlsContext::ForClients(
             TestClientOptions().set_maximum_version(version).set_session_cache(
                 0))
      .value();
}

Task<absl::StatusOr<std::pair<TcpTls, TcpTls>>> Connected(
    TlsContext client_context) {
  TcpPair transport = co_await MakeTcpPair();
  TlsPairOptions options;
  options.set_client_context(std::move(client_context));
  auto shaking = TlsPair(std::move(transport.client),
                         std::move(transport.server), options);
  co_return co_await std::move(shaking);
}

Task<absl::Status> Exchange(TcpTls& from, TcpTls& to, std::string& data) {
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await from.SendAll(data);
  };
  auto receive = [&]() -> Task<absl::Status> {
    co_return co_await to.ReceiveExactly(absl::MakeSpan(data));
  };
  co_await Try(WhenAll(send, receive));
  co_return absl::OkStatus();
}

// Each side's half of what a pair of connections holds that have shaken hands,
// and have talked if there is `data`.
Task<absl::Status> ExpectIdleHoldsLittle(TlsVersion version, std::string data) {
  constexpr std::size_t kPairs = 100;
  const TlsContext context = ContextOf(version);
  std::vector<std::pair<TcpTls, TcpTls>> pairs;
  pairs.reserve(kPairs + 1);
  std::size_t before = 0;
  std::size_t openssls_before = 0;
  // The first has what all of them share made.
  for (std::size_t i = 0; i <= kPairs; ++i) {
    pairs.push_back(co_await Try(Connected(context)));
    if (!data.empty()) {
      co_await Try(Exchange(pairs.back().first, pairs.back().second, data));
      co_await Try(Exchange(pairs.back().second, pairs.back().first, data));
    }
    if (i > 0) continue;
    before = ours.bytes;
    openssls_before = openssls.bytes;
  }
  const std::size_t connections = 2 * kPairs;
  const std::size_t of_ours = (ours.bytes - before) / connections;
  const std::size_t of_openssl =
      (openssls.bytes - openssls_before) / connections;
  std::cout << "an idle connection: " << of_ours + of_openssl << " bytes, of "
            << "which OpenSSL has " << of_openssl << std::endl;
  EXPECT_GT(of_openssl, 1000U);
  EXPECT_LE(of_ours + of_openssl, std::size_t{18} << 10);
  co_return absl::OkStatus();
}

TEST_P(TlsMemoryTest, AnIdleConnectionHoldsLittle) {
  EXPECT_THAT(RunToTest([]() -> Task<absl::Status> {
                co_return co_await ExpectIdleHoldsLittle(
                    GetParam(), std::string(20000, 'x'));
              }),
              IsOk());
}

// Where the kernel has no blocks to lend, they come from the heap.
TEST_P(TlsMemoryTest, AnIdleConnectionHoldsNoBlockOfTheHeap) {
  for (const std::size_t size : {0, 20000}) {
    RunOptions options;
    options.uring_features = UringFeatures::None();
    EXPECT_THAT(creche::Run(std::move(options),
                            [size]() -> Task<absl::Status> {
                              co_return co_await ExpectIdleHoldsLittle(
                                  GetParam(), std::string(size, 'x'));
                            }),
                IsOk())
        << size;
  }
}

TEST_P(TlsMemoryTest, ARecordAllocatesNothingOfOurs) {
  auto main = []() -> Task<absl::Status> {
    const TlsContext context = ContextOf(GetParam());
    auto pair = co_await Try(Connected(context));
    for (const std::size_t size : {64, 16384, 200000}) {
      std::string data(size, 'x');
      std::size_t before = 0;
      for (int i = 0; i < 200; ++i) {
        if (i == 100) before = ours.times;
        co_await Try(Exchange(pair.first, pair.second, data));
        co_await Try(Exchange(pair.second, pair.first, data));
      }
      EXPECT_EQ(ours.times - before, 0U) << "of " << size << " bytes";
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsMemoryTest,
                         ::testing::Values(TlsVersion::kTls1_2,
                                           TlsVersion::kTls1_3),
                         [](const auto& info) {
                           return info.param == TlsVersion::kTls1_2 ? "Tls12"
                                                                    : "Tls13";
                         });

}  // namespace
}  // namespace creche
