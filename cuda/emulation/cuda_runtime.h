// As much of CUDA as the engine uses, on the processor: kernels compiled by an ordinary C++ compiler run
// block by block, each thread of a block as a fiber that stops at barriers. Slow, but it runs the code of the
// GPU where there is none, sanitizers included. Put this folder in front of CUDA's headers to use it.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {

inline constexpr unsigned kWarp = 32;
inline constexpr std::size_t kStackBytes = 128 << 10;
inline constexpr std::size_t kSharedBytes = 228 << 10;

// The threads of one block.
class Block {
 public:
  template <class Run>
  void Execute(unsigned threads, Run& run) {
    threads_ = threads;
    run_ = &run;
    call_ = [](void* function) { (*static_cast<Run*>(function))(); };
    waits_.assign(threads, Wait::kNone);
    while (stacks_.size() < threads) {
      stacks_.push_back(std::make_unique<char[]>(kStackBytes));
      fibers_.emplace_back();
    }
    for (unsigned t = 0; t < threads; ++t) {
      getcontext(&fibers_[t]);
      fibers_[t].uc_stack.ss_sp = stacks_[t].get();
      fibers_[t].uc_stack.ss_size = kStackBytes;
      fibers_[t].uc_link = &scheduler_;
      makecontext(&fibers_[t], &Block::Start, 0);
    }
    while (Resume()) Release();
  }

  enum class Wait : std::uint8_t { kNone, kWarp, kBlock, kDone };

  void Stop(Wait wait) {
    const unsigned t = current_;
    waits_[t] = wait;
    swapcontext(&fibers_[t], &scheduler_);
  }
  unsigned current() const { return current_; }
  unsigned* exchange() { return exchange_; }

 private:
  static void Start();

  // Runs every fiber that may go on to its next barrier, every other time from the last to the first, so that
  // code that relies on an order fails; returns whether any did.
  bool Resume() {
    bool any = false;
    backward_ = !backward_;
    for (unsigned i = 0; i < threads_; ++i) {
      const unsigned t = backward_ ? threads_ - 1 - i : i;
      if (waits_[t] != Wait::kNone) continue;
      any = true;
      current_ = t;
      threadIdx = dim3(t, 0, 0);
      swapcontext(&scheduler_, &fibers_[t]);
    }
    return any;
  }

  // Lets those go on whose whole warp or block has arrived; threads that have ended are not waited for.
  void Release() {
    for (unsigned first = 0; first < threads_; first += kWarp)
      ReleaseAll(first, std::min(first + kWarp, threads_), Wait::kWarp);
    ReleaseAll(0, threads_, Wait::kBlock);
  }
  void ReleaseAll(unsigned first, unsigned last, Wait wait) {
    for (unsigned t = first; t < last; ++t)
      if (waits_[t] != wait && waits_[t] != Wait::kDone) return;
    for (unsigned t = first; t < last; ++t)
      if (waits_[t] == wait) waits_[t] = Wait::kNone;
  }

  unsigned threads_ = 0, current_ = 0;
  bool backward_ = false;
  void* run_ = nullptr;
  void (*call_)(void*) = nullptr;
  std::vector<Wait> waits_;
  std::vector<std::unique_ptr<char[]>> stacks_;
  std::vector<ucontext_t> fibers_;
  ucontext_t scheduler_{};
  unsigned exchange_[1024] = {};
};

inline Block block;

inline void Block::Start() {
  block.call_(block.run_);
  block.waits_[block.current_] = Wait::kDone;
}

}  // namespace emulation

inline void __syncwarp() {
  emulation::block.Stop(emulation::Block::Wait::kWarp);
}
inline void __syncthreads() {
  emulation::block.Stop(emulation::Block::Wait::kBlock);
}
inline unsigned __reduce_min_sync(unsigned, unsigned value) {
  unsigned* const values = emulation::block.exchange();
  const unsigned own = emulation::block.current(), first = own / emulation::kWarp * emulation::kWarp;
  values[own] = value;
  __syncwarp();
  const unsigned least = *std::min_element(values + first, values + first + emulation::kWarp);
  __syncwarp();
  return least;
}
inline unsigned __ballot_sync(unsigned, bool predicate) {
  unsigned* const values = emulation::block.exchange();
  const unsigned own = emulation::block.current(), first = own / emulation::kWarp * emulation::kWarp;
  values[own] = predicate;
  __syncwarp();
  unsigned ballot = 0;
  for (unsigned lane = 0; lane < emulation::kWarp; ++lane) ballot |= values[first + lane] << lane;
  __syncwarp();
  return ballot;
}
inline int __ffs(int value) {
  return __builtin_ffs(value);
}
inline int __popc(unsigned value) {
  return __builtin_popcount(value);
}
inline unsigned atomicMin(unsigned* at, unsigned value) {
  return std::exchange(*at, std::min(*at, value));
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((std::uint64_t{high} << 32 | low) >> (shift & 31));
}
inline float __fmaf_rn(float a, float b, float c) {
  return std::fma(a, b, c);
}

// ---- the runtime

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
using cudaStream_t = void*;
using cudaEvent_t = void*;
inline constexpr unsigned cudaEventDisableTiming = 2;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int major, minor;
};
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

inline const char* cudaGetErrorString(cudaError_t) {
  return "out of memory";
}
inline cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated", std::size_t{1} << 30, 9, 0};
  return cudaSuccess;
}
inline cudaError_t cudaSetDevice(int) {
  return cudaSuccess;
}
inline cudaError_t cudaMalloc(void** data, std::size_t bytes) {
  *data = std::malloc(bytes);
  return *data == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}
inline cudaError_t cudaMallocHost(void** data, std::size_t bytes) {
  return cudaMalloc(data, bytes);
}
inline cudaError_t cudaFree(void* data) {
  std::free(data);
  return cudaSuccess;
}
inline cudaError_t cudaFreeHost(void* data) {
  return cudaFree(data);
}
inline cudaError_t cudaMemset(void* data, int byte, std::size_t bytes) {
  std::memset(data, byte, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t) {
  return cudaMemcpy(to, from, bytes, kind);
}
inline cudaError_t cudaStreamCreate(cudaStream_t*) {
  return cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t) {
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return cudaSuccess;
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) {
  return cudaSuccess;
}
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t*, unsigned) {
  return cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t) {
  return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
  return cudaSuccess;
}
template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel*, cudaFuncAttribute, int) {
  return cudaSuccess;
}

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  if (config->dynamicSmemBytes > emulation::kSharedBytes) return cudaErrorMemoryAllocation;
  const std::tuple<Parameters...> values(std::forward<Arguments>(arguments)...);
  auto run = [&] { std::apply(kernel, values); };
  gridDim = config->gridDim;
  blockDim = config->blockDim;
  for (unsigned y = 0; y < gridDim.y; ++y) {
    for (unsigned x = 0; x < gridDim.x; ++x) {
      blockIdx = dim3(x, y);
      emulation::block.Execute(blockDim.x, run);
    }
  }
  return cudaSuccess;
}
