// SPDX-License-Identifier: Apache-2.0

#include "creche/core/error_group.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

const absl::Status kFirst = absl::DataLossError("first");
const absl::Status kSecond = absl::NotFoundError("second");
const absl::Status kThird = absl::InternalError("third");

TEST(ErrorGroupTest, NoneOrOneIsNoGroup) {
  EXPECT_THAT(GroupErrors({}), IsOk());
  EXPECT_THAT(GroupErrors({absl::OkStatus()}), IsOk());
  EXPECT_EQ(GroupErrors({kFirst}), kFirst);
  EXPECT_EQ(GroupErrors({absl::OkStatus(), kFirst}), kFirst);
}

TEST(ErrorGroupTest, HasTheCodeOfTheFirstAndNamesAll) {
  const absl::Status group = GroupErrors({kFirst, absl::OkStatus(), kSecond});

  EXPECT_EQ(group.code(), kFirst.code());
  const std::string message(group.message());
  EXPECT_NE(message.find("2 errors"), std::string::npos);
  EXPECT_NE(message.find("first"), std::string::npos);
  EXPECT_NE(message.find("second"), std::string::npos);
}

TEST(ErrorGroupTest, GivesItsMembersInOrder) {
  EXPECT_EQ(Errors(GroupErrors({kFirst, kSecond})),
            (std::vector<absl::Status>{kFirst, kSecond}));
  EXPECT_EQ(Errors(kFirst), std::vector<absl::Status>{kFirst});
  EXPECT_TRUE(Errors(absl::OkStatus()).empty());
}

TEST(ErrorGroupTest, FlattensGroupsInGroups) {
  const absl::Status inner = GroupErrors({kFirst, kSecond});

  EXPECT_EQ(
      Errors(GroupErrors({inner, kThird, inner})),
      (std::vector<absl::Status>{kFirst, kSecond, kThird, kFirst, kSecond}));
}

TEST(ErrorGroupTest, KeepsPayloads) {
  absl::Status error = kFirst;
  error.SetPayload("url", absl::Cord(absl::string_view("bytes\0x", 7)));

  const std::vector<absl::Status> errors = Errors(GroupErrors({error, kThird}));

  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0], error);
  EXPECT_EQ(*errors[0].GetPayload("url"), absl::string_view("bytes\0x", 7));
}

TEST(ErrorGroupTest, IsPrintedWithoutItsInside) {
  absl::Status error = kFirst;
  error.SetPayload("url", absl::Cord("bytes\x01"));
  EXPECT_EQ(GroupErrors({error, kSecond}).ToString(),
            "DATA_LOSS: 2 errors: DATA_LOSS: first; NOT_FOUND: second "
            "[type.creche/error_group='2 errors']");
}

TEST(ErrorGroupTest, NamesTheFirst32) {
  std::vector<absl::Status> errors(32, kFirst);
  EXPECT_FALSE(absl::StrContains(GroupErrors(errors).message(), " more"));
  const absl::Status all = GroupErrors({GroupErrors(errors), kSecond, kThird});
  EXPECT_TRUE(absl::StartsWith(all.message(), "34 errors: DATA_LOSS: first; "));
  EXPECT_TRUE(absl::EndsWith(all.message(), "first; and 2 more"));
  EXPECT_EQ(Errors(all).size(), 34u);
}

TEST(ErrorGroupTest, OutlivesItsOriginalOnAnotherThread) {
  std::vector<absl::Status> errors;
  absl::Status copy = GroupErrors({kFirst, kSecond});
  std::thread([&errors, group = std::move(copy)] {
    errors = Errors(absl::Status(group));
  }).join();
  EXPECT_EQ(errors, (std::vector<absl::Status>{kFirst, kSecond}));
}

TEST(ErrorGroupTest, StaysWithAPayloadThatIsCopied) {
  absl::Status annotated = absl::UnknownError("while testing");
  {
    const absl::Status group = GroupErrors({kFirst, kSecond});
    group.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
      annotated.SetPayload(url, payload);
    });
  }
  EXPECT_EQ(Errors(annotated), (std::vector<absl::Status>{kFirst, kSecond}));
}

// Nothing is looked for at an address that only looks right.
TEST(ErrorGroupTest, TextAloneIsNoGroup) {
  const absl::Status group = GroupErrors({kFirst, kSecond});
  absl::Status forged = kThird;
  group.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    const std::string text(payload);
    forged.SetPayload(url, absl::Cord(absl::string_view(text)));
  });
  EXPECT_EQ(Errors(forged), std::vector<absl::Status>{forged});
  absl::Status empty = kThird;
  empty.SetPayload("type.creche/error_group", absl::Cord());
  EXPECT_EQ(Errors(empty), std::vector<absl::Status>{empty});
}

TEST(ErrorGroupTest, AReasonIsTextOnly) {
  std::string reason;
  RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon([]() -> Task<absl::Status> {
        co_return GroupErrors({kFirst, kSecond});
      });
      co_await ShieldedCheckpoint();
      reason = nursery.cancel_scope().reason();
    };
    (co_await WithNursery(body)).IgnoreError();
  }).IgnoreError();
  EXPECT_EQ(reason,
            "a child task failed: DATA_LOSS: 2 errors: DATA_LOSS: first; "
            "NOT_FOUND: second");
}

#if defined(__cpp_exceptions)
// Opens a nursery whose children end as told, and describes what it throws.
template <typename Body>
std::string Thrown(Body body) {
  std::string what = "nothing";
  RunMocked([&]() -> Task<> {
    try {
      absl::Status status = co_await WithNursery(body);
      what = "status " + status.ToString();
    } catch (const ExceptionGroup& group) {
      what.clear();
      for (const std::exception_ptr& exception : group.exceptions()) {
        try {
          std::rethrow_exception(exception);
        } catch (const StatusError& error) {
          what += "status " + std::string(error.status().message()) + ";";
        } catch (const std::exception& error) {
          what += std::string(error.what()) + ";";
        }
      }
    }
  }).IgnoreError();
  return what;
}

Task<> Throw(const char* what) {
  co_await ShieldedCheckpoint();
  throw std::runtime_error(what);
}

// Trio: test_nursery_main_block_error_basic.
TEST(ExceptionGroupTest, IsAGroupEvenOfOne) {
  EXPECT_EQ(Thrown([](Nursery& nursery) -> Task<> {
              nursery.StartSoon(Throw, "a");
              co_return;
            }),
            "a;");
  EXPECT_EQ(Thrown([](Nursery&) -> Task<> { co_await Throw("body"); }),
            "body;");
}

TEST(ExceptionGroupTest, HoldsStatusesOfSiblingsInOrderOfArrival) {
  auto fail = []() -> Task<absl::Status> {
    co_await ShieldedCheckpoint();
    co_return kFirst;
  };
  EXPECT_EQ(Thrown([&](Nursery& nursery) -> Task<> {
              nursery.StartSoon(Throw, "a");
              nursery.StartSoon(fail);
              nursery.StartSoon(Throw, "b");
              co_await SleepForever();
            }),
            "a;status first;b;");
}

TEST(ExceptionGroupTest, HoldsWhatACallableThrowsBeforeItIsACoroutine) {
  struct Callable {
    CRECHE_CORO_WRAPPER Task<> operator()(int) const {
      throw std::runtime_error("early");
    }
  };
  EXPECT_EQ(Thrown([](Nursery& nursery) -> Task<> {
              nursery.StartSoon(Callable(), 1);
              co_return;
            }),
            "early;");
}

TEST(ExceptionGroupTest, SaysWhatIsInIt) {
  const ExceptionGroup group({std::make_exception_ptr(std::runtime_error("a")),
                              std::make_exception_ptr(StatusError(kFirst))});

  EXPECT_STREQ(group.what(), "2 exceptions: a; DATA_LOSS: first");
}
#endif

}  // namespace
}  // namespace creche
