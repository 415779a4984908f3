// Runs the C++ tests: all, or those whose name contains the argument; ends with "N passed, N failed". With
// --isas it prints the instruction sets of this processor instead, one per line, for runs with SYNFIRE_ISA
// set to each.
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>

#include "native/base/cpu_features.h"
#include "native/tests/check.h"

namespace synfire::test {
namespace {

std::mutex failure_mutex;
int failures_of_test = 0;

bool Passes(const Test& test) {
  failures_of_test = 0;
  try {
    test.body();
  } catch (const std::exception& error) {
    Fail(std::string("threw: ") + error.what(), test.where);
  }
  std::printf("%s %s\n", failures_of_test == 0 ? "ok  " : "FAIL", test.name.c_str());
  return failures_of_test == 0;
}

int RunAll(const char* filter) {
  int passed = 0;
  int failed = 0;
  for (const Test& test : Tests()) {
    if (test.name.find(filter) == std::string::npos) continue;
    ++(Passes(test) ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace

std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

void Fail(const std::string& message, const std::source_location& where) {
  const std::lock_guard lock(failure_mutex);
  ++failures_of_test;
  std::printf("  %s:%u: %s\n", where.file_name(), static_cast<unsigned>(where.line()), message.c_str());
}

}  // namespace synfire::test

int main(int argc, char** argv) {
  const char* filter = argc > 1 ? argv[1] : "";
  if (std::strcmp(filter, "--isas") == 0) {
    for (const synfire::Isa isa : synfire::SupportedIsas()) std::puts(synfire::IsaName(isa));
    return 0;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return synfire::test::RunAll(filter);
}
