// The thread team: every task once, exceptions, misuse, sleeping helpers, many small runs.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "native/base/thread_team.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

TEST("a team runs every task once, whatever its size") {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadTeam team(threads);
    CHECK_EQUAL(team.threads(), threads);
    for (const int tasks : {0, 1, 2, 3, 64, 1000}) {
      std::vector<int> runs(tasks, 0);
      std::atomic<int> bad_workers = 0;
      team.Run(tasks, [&](int task, int worker) {
        ++runs[task];
        if (worker < 0 || worker >= threads) ++bad_workers;
      });
      CHECK(std::all_of(runs.begin(), runs.end(), [](int count) { return count == 1; }));
      CHECK_EQUAL(bad_workers.load(), 0);
    }
  }
}

TEST("two tasks of one worker never run at the same time") {
  ThreadTeam team(4);
  std::array<std::atomic<int>, 4> inside{};
  std::atomic<int> overlaps = 0;
  team.Run(2000, [&](int, int worker) {
    if (inside[worker].fetch_add(1) != 0) ++overlaps;
    inside[worker].fetch_sub(1);
  });
  CHECK_EQUAL(overlaps.load(), 0);
}

TEST("tasks do run at the same time") {
  ThreadTeam team(2);
  std::atomic<int> arrived = 0;
  team.Run(2, [&](int, int) {
    ++arrived;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (arrived < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  CHECK_EQUAL(arrived.load(), 2);
}

TEST("what tasks write is seen after the run, and what was written before it is seen by tasks") {
  ThreadTeam team(3);
  std::vector<std::int64_t> values(300, 1);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> next(values.size());
    team.Run(static_cast<int>(values.size()), [&](int task, int) {
      next[task] = values[task] + values[(task + 1) % values.size()];
      if (next[task] > 1'000'000) next[task] -= 1'000'000;
    });
    values = next;
  }
  std::vector<std::int64_t> expected(300, 1);
  for (int round = 0; round < 50; ++round) {
    for (auto& value : expected) value = value * 2 > 1'000'000 ? value * 2 - 1'000'000 : value * 2;
  }
  CHECK(values == expected);
}

TEST("a team that has gone to sleep wakes up again") {
  ThreadTeam team(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> sum = 0;
    team.Run(100, [&](int task, int) { sum += task; });
    CHECK_EQUAL(sum.load(), 4950);
  }
}

TEST("a caller waits for a helper's long task") {
  ThreadTeam team(2);
  std::atomic<int> done = 0;
  team.Run(2, [&](int, int worker) {
    if (worker != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ++done;
  });
  CHECK_EQUAL(done.load(), 2);
}

TEST("the exception of the lowest task is rethrown after all tasks have run") {
  for (const int threads : {1, 2, 5}) {
    ThreadTeam team(threads);
    std::atomic<int> runs = 0;
    std::string text;
    try {
      team.Run(200, [&](int task, int) {
        ++runs;
        if (task % 50 == 17) throw std::runtime_error("task " + std::to_string(task));
      });
    } catch (const std::runtime_error& error) {
      text = error.what();
    }
    CHECK_EQUAL(text, "task 17");
    CHECK_EQUAL(runs.load(), 200);
    team.Run(10, [&](int, int) { ++runs; });
    CHECK_EQUAL(runs.load(), 210);
  }
}

TEST("a run inside a run is refused") {
  ThreadTeam team(2);
  CHECK_THROWS(team.Run(4, [&](int, int) { team.Run(1, [](int, int) {}); }), ErrorCode::kInternal);
  int runs = 0;
  team.Run(1, [&](int, int) { ++runs; });
  CHECK_EQUAL(runs, 1);
}

TEST("a team of one inside a task of another team is fine") {
  ThreadTeam outer(2);
  std::atomic<int> runs = 0;
  outer.Run(4, [&](int, int) { ThreadTeam(1).Run(3, [&](int, int) { ++runs; }); });
  CHECK_EQUAL(runs.load(), 12);
}

TEST("a team has between one thread and the maximum") {
  CHECK_THROWS(ThreadTeam(0), ErrorCode::kInvalidArgument);
  CHECK_THROWS(ThreadTeam(-1), ErrorCode::kInvalidArgument);
  CHECK_THROWS(ThreadTeam(ThreadTeam::kMaxThreads + 1), ErrorCode::kInvalidArgument);
}

TEST("many short runs and many short-lived teams lose no task") {
  std::int64_t sum = 0;
  for (int team_number = 0; team_number < 30; ++team_number) {
    ThreadTeam team(1 + team_number % 5);
    for (int round = 0; round < 200; ++round) {
      std::atomic<int> round_sum = 0;
      team.Run(round % 6, [&](int task, int) { round_sum.fetch_add(task + 1, std::memory_order_relaxed); });
      sum += round_sum;
    }
  }
  std::int64_t expected = 0;
  for (int round = 0; round < 200; ++round) expected += 30 * (round % 6) * (round % 6 + 1) / 2;
  CHECK_EQUAL(sum, expected);
}

}  // namespace
}  // namespace synfire
