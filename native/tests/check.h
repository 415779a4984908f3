// A test header of one page: TEST defines a test, the CHECKs record failures and go on.
//
//   TEST("a buffer starts zeroed") {
//     CHECK(buffer.size() == 3);
//     CHECK_EQUAL(buffer[0], 0.0f);
//     CHECK_NEAR(mean, 0.5, 0.01);
//     CHECK_THROWS(ThreadTeam(0), ErrorCode::kInvalidArgument);
//   }
#pragma once

#include <cmath>
#include <functional>
#include <source_location>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "native/base/error.h"

namespace synfire::test {

struct Test {
  std::string name;
  std::function<void()> body;
  std::source_location where;
};

// All tests of the executable, in the order of their registration.
std::vector<Test>& Tests();

// Records a failure of the running test. Safe from any thread.
void Fail(const std::string& message, const std::source_location& where);

struct Registration {
  Registration(std::string name, std::function<void()> body, std::source_location where) {
    Tests().push_back({std::move(name), std::move(body), where});
  }
};

inline void CheckTrue(bool holds, const char* text,
                      std::source_location where = std::source_location::current()) {
  if (!holds) Fail(std::string(text) + " is false", where);
}

template <class A, class B>
void CheckEqual(const A& actual, const B& expected, const char* text,
                std::source_location where = std::source_location::current()) {
  if (actual == expected) return;
  std::ostringstream message;
  message << text << " is " << actual << ", expected " << expected;
  Fail(message.str(), where);
}

inline void CheckNear(double actual, double expected, double tolerance, const char* text,
                      std::source_location where = std::source_location::current()) {
  if (std::abs(actual - expected) <= tolerance) return;
  std::ostringstream message;
  message.precision(9);
  message << text << " is " << actual << ", expected " << expected << " within " << tolerance;
  Fail(message.str(), where);
}

template <class F>
void CheckThrows(F&& action, ErrorCode code, const char* text,
                 std::source_location where = std::source_location::current()) {
  try {
    action();
  } catch (const Error& error) {
    if (error.code() != code) Fail(std::string(text) + " threw " + ErrorName(error.code()), where);
    return;
  }
  Fail(std::string(text) + " threw nothing, expected " + ErrorName(code), where);
}

}  // namespace synfire::test

#define SYNFIRE_TEST_PASTE(a, b) a##b
#define SYNFIRE_TEST_NAME(prefix, line) SYNFIRE_TEST_PASTE(prefix, line)
#define TEST(name)                                                                           \
  static void SYNFIRE_TEST_NAME(TestBody, __LINE__)();                                       \
  static const ::synfire::test::Registration SYNFIRE_TEST_NAME(test_registration, __LINE__)( \
      name, SYNFIRE_TEST_NAME(TestBody, __LINE__), std::source_location::current());         \
  static void SYNFIRE_TEST_NAME(TestBody, __LINE__)()
#define CHECK(...) ::synfire::test::CheckTrue(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)
#define CHECK_EQUAL(actual, expected) ::synfire::test::CheckEqual((actual), (expected), #actual)
#define CHECK_NEAR(actual, expected, tolerance) \
  ::synfire::test::CheckNear((actual), (expected), (tolerance), #actual)
#define CHECK_THROWS(expression, code) \
  ::synfire::test::CheckThrows([&] { (void)(expression); }, (code), #expression)
