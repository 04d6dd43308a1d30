// SPDX-License-Identifier: Apache-2.0
//
// Each operation of io/, cancelled at each of its cancel points.

#include "creche/testing/cancel_everywhere.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/directory.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/io/read_write_file.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"

namespace creche {
namespace {

TEST(CancelEverywhereTest, Files) {
  const std::string path = PathOf("everywhere");
  auto body = [&]() -> Task<absl::Status> {
    co_await Try(WriteFile(path, "some text"));
    co_await Try(
        WriteFile(path, "other text", WriteFileOptions().set_atomic(true)));
    const std::string text = co_await Try(ReadFile(path));
    EXPECT_EQ(text, "other text");
    File file = co_await Try(File::Open(path, File::kReadWrite));
    co_await Try(file.Write("x"));
    co_await Try(file.Sync());
    co_await Try(file.Info());
    co_await Try(file.Close());
    co_await Try(RenameFile(path, path + "2"));
    co_return co_await RemoveFile(path + "2");
  };
  CancelEverywhere(body);
}

TEST(CancelEverywhereTest, Directories) {
  const std::string path = PathOf("directory");
  auto body = [&]() -> Task<absl::Status> {
    rmdir(path.c_str());  // Of the time before.
    co_await Try(MakeDirectory(path));
    EXPECT_TRUE((co_await Try(GetFileInfo(path))).is_directory());
    co_return co_await RemoveDirectory(path);
  };
  CancelEverywhere(body);
}

TEST(CancelEverywhereTest, Pipes) {
  auto body = []() -> Task<absl::Status> {
    auto [reader, writer] = co_await Try(MakePipe());
    co_await Try(writer.SendAll("hello"));
    char buffer[5];
    EXPECT_EQ(co_await Try(reader.ReceiveSome(buffer)), 5U);
    writer.Close();
    EXPECT_EQ(co_await Try(reader.ReceiveSome(buffer)), 0U);
    co_return absl::OkStatus();
  };
  CancelEverywhere(body);
}

}  // namespace
}  // namespace creche
