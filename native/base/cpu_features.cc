// Reads instruction sets from cpuid and the number of usable processors from the operating system.
#include "native/base/cpu_features.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "native/base/error.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace synfire {
namespace {

bool Supports(Isa isa) {
  if (isa == Isa::kBase) return true;
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c");
  if (isa == Isa::kAvx2) return avx2;
  return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi2");
#else
  return false;
#endif
}

Isa ChooseIsa() {
  const std::vector<Isa> supported = SupportedIsas();
  const char* wanted = std::getenv("SYNFIRE_ISA");
  if (wanted == nullptr || *wanted == '\0') return supported.back();
  std::string names;
  for (const Isa isa : supported) {
    if (IsaName(isa) == std::string(wanted)) return isa;
    names += (names.empty() ? "" : ", ") + std::string(IsaName(isa));
  }
  throw InvalidArgument("SYNFIRE_ISA", "\"" + std::string(wanted) + "\"",
                        "one of " + names + " on this processor");
}

#if defined(__linux__)
int AllowedProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0)
    return static_cast<int>(std::thread::hardware_concurrency());
  return CPU_COUNT(&set);
}

// Processors that a quota of the form "microseconds per period" allows; 0 when there is none.
int ProcessorsOfQuota(double quota, double period) {
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>(std::ceil(quota / period))) : 0;
}

// cgroup v2: the tightest of the quotas of the process's group and the groups around it; 0 when there is
// none.
int QuotaV2() {
  std::ifstream groups("/proc/self/cgroup");
  std::string path;
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::/")) path = line.substr(3);
  }
  int tightest = 0;
  while (true) {
    std::ifstream file("/sys/fs/cgroup" + path + "/cpu.max");
    double quota = 0;
    double period = 0;
    if (file >> quota >> period) {
      const int processors = ProcessorsOfQuota(quota, period);
      if (processors > 0) tightest = tightest == 0 ? processors : std::min(tightest, processors);
    }
    if (path.empty()) return tightest;
    path.resize(path.find_last_of('/'));
  }
}

int QuotaV1() {
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  return quota_file >> quota && period_file >> period ? ProcessorsOfQuota(quota, period) : 0;
}
#endif

}  // namespace

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kBase:
      break;
  }
  return "base";
}

std::vector<Isa> SupportedIsas() {
  std::vector<Isa> supported;
  for (const Isa isa : {Isa::kBase, Isa::kAvx2, Isa::kAvx512}) {
    if (Supports(isa)) supported.push_back(isa);
  }
  return supported;
}

Isa ActiveIsa() {
  static const Isa active = ChooseIsa();
  return active;
}

int HardwareThreads() {
#if defined(__linux__)
  int threads = std::max(1, AllowedProcessors());
  for (const int quota : {QuotaV2(), QuotaV1()}) {
    if (quota > 0) threads = std::min(threads, quota);
  }
  return threads;
#else
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
#endif
}

}  // namespace synfire
