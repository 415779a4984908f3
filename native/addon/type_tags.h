// One tag per native class, so that an object of the wrong class is refused instead of misread as memory.
#pragma once

#include <napi.h>

namespace synfire::addon {

inline constexpr napi_type_tag kDatasetTag{0x9f2c1e6ab7d84c05, 0x86d15b3e42f7a901};
inline constexpr napi_type_tag kLayerNetworkTag{0x3b7e0d94c1f65a28, 0xa4c82f716e9d0b53};
inline constexpr napi_type_tag kEventNetworkTag{0x71d3a95e0c4b8f26, 0xb8e60f29d5174ca3};
inline constexpr napi_type_tag kEventReplicasTag{0xc50b7e1894a2d63f, 0x9d28f4a3610e5b7c};
inline constexpr napi_type_tag kSpatialNetworkTag{0x5a0f8c36d271b94e, 0xe3476b1ad90c582f};

}  // namespace synfire::addon
