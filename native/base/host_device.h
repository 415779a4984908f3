// The mark of functions that both the processor and a GPU run.
#pragma once

#if defined(__CUDACC__)
#define SYNFIRE_HOST_DEVICE __host__ __device__
#else
#define SYNFIRE_HOST_DEVICE
#endif
