// PLACEHOLDER until the library exists: a test that uses creche/testing.
#include "gtest/gtest.h"

TEST(ConsumerTest, Runs) { SUCCEED(); }
