// The addon's entry: what JavaScript finds after loading synfire.node.
#include <napi.h>

#include <memory>

#include "native/addon/dataset.h"
#include "native/addon/event_network.h"
#include "native/addon/job.h"
#include "native/addon/layer_network.h"
#include "native/addon/native_class.h"
#include "native/addon/spatial_network.h"
#include "native/base/cpu_features.h"

namespace synfire::addon {
namespace {

// { isa, supported, hardwareThreads }
Napi::Value Cpu(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array supported = Napi::Array::New(env);
  for (const Isa isa : SupportedIsas()) supported.Set(supported.Length(), IsaName(isa));
  Napi::Object cpu = Napi::Object::New(env);
  cpu.Set("isa", IsaName(ActiveIsa()));
  cpu.Set("supported", supported);
  cpu.Set("hardwareThreads", HardwareThreads());
  return cpu;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(std::make_unique<JobRunner>(env).release());
  exports.Set("version", SYNFIRE_VERSION);
  exports.Set("cpu", NativeFunction<&Cpu>(env, "cpu"));
  InitDataset(env, exports);
  InitLayerNetwork(env, exports);
  InitEventNetwork(env, exports);
  InitSpatialNetwork(env, exports);
  return exports;
}

NODE_API_MODULE(synfire, Init)

}  // namespace
}  // namespace synfire::addon
