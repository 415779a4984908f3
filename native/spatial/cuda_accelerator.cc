// Hands layers and batches to the CUDA library.
#include "native/spatial/cuda_accelerator.h"

#include <algorithm>

#include "native/base/device_library.h"

namespace synfire::spatial {
namespace {

class CudaAccelerator final : public Accelerator {
 public:
  CudaAccelerator(const cuda::Api& api, const SpatialSpec& spec, const Layers& layers) : api_(api) {
    std::vector<cuda::SpatialLayerSpec> specs;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      cuda::SpatialLayerSpec& l = specs.emplace_back();
      std::copy_n(spec.grids[i].begin(), 3, l.below);
      std::copy_n(spec.grids[i + 1].begin(), 3, l.grid);
      std::copy_n(spec.reach[i].begin(), 3, l.reach);
      std::copy_n(spec.activations[i].begin(), kContexts, l.activations);
      l.rules = layers[i]->rules();
      l.keeps_residuals = layers[i]->keeps_residuals();
    }
    const cuda::SpatialNetworkSpec network{specs.data(), static_cast<std::uint32_t>(specs.size()),
                                           spec.pattern_bits, spec.temporal_decay};
    Check(api_.spatial_create(kDevice, &network, &engine_));
  }
  CudaAccelerator(const CudaAccelerator&) = delete;
  CudaAccelerator& operator=(const CudaAccelerator&) = delete;
  ~CudaAccelerator() override { api_.spatial_destroy(engine_); }

  void Upload(const Layers& layers) override {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      Layer& l = *layers[i];
      std::vector<cuda::SiteEntry> sites;
      l.ForSites(0, l.grid().box_cells(), [&](const Site& site) {
        const auto coordinate = [&](int axis) { return static_cast<std::uint16_t>(site.position[axis]); };
        sites.push_back({site.code,
                         site.first,
                         {coordinate(0), coordinate(1), coordinate(2)},
                         static_cast<std::uint16_t>(site.count)});
      });
      cuda::SpatialLayerArrays arrays = ArraysOf(l);
      arrays.sites = sites.data();
      arrays.site_count = static_cast<std::uint32_t>(sites.size());
      Check(api_.spatial_upload(engine_, static_cast<std::uint32_t>(i), &arrays));
    }
  }
  void Download(const Layers& layers) override {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const cuda::SpatialLayerArrays arrays = ArraysOf(*layers[i]);
      Check(api_.spatial_download(engine_, static_cast<std::uint32_t>(i), &arrays));
    }
  }
  void UploadState(std::uint32_t samples, std::size_t layer, std::span<const float> state) override {
    Check(api_.spatial_upload_state(engine_, samples, static_cast<std::uint32_t>(layer), state.data()));
  }
  void DownloadState(std::size_t layer, std::span<float> state) override {
    Check(api_.spatial_download_state(engine_, static_cast<std::uint32_t>(layer), state.data()));
  }
  void ResetState() override { Check(api_.spatial_reset_state(engine_)); }

  void Forward(std::uint32_t samples, const float* inputs, float* outputs, bool continues) override {
    Check(api_.spatial_forward(engine_, samples, inputs, outputs, continues));
  }
  double Learn(const Batch& batch, bool continues, std::uint64_t batches) override {
    double loss_sum = 0;
    Check(api_.spatial_learn(engine_, batch.samples, batch.inputs, batch.targets, continues, batches,
                             &loss_sum));
    return loss_sum;
  }
  void LastOutputs(float* outputs) override { Check(api_.spatial_last_outputs(engine_, outputs)); }
  std::uint64_t memory_bytes() const override { return api_.spatial_memory_bytes(engine_); }

 private:
  static constexpr int kDevice = 0;

  void Check(int status) const { CheckCuda(api_, status); }
  static cuda::SpatialLayerArrays ArraysOf(Layer& l) {
    const LayerMemory memory = l.memory();
    cuda::SpatialLayerArrays arrays{};
    arrays.ids = l.ids().empty() ? nullptr : l.ids().data();
    arrays.neuron_count = l.neurons();
    arrays.neurons = memory.neurons.data();
    arrays.weights = memory.weights.data();
    arrays.residuals = memory.residuals.data();
    return arrays;
  }

  const cuda::Api& api_;
  cuda::SpatialEngine* engine_ = nullptr;
};

}  // namespace

std::unique_ptr<Accelerator> MakeCudaAccelerator(const cuda::Api& api, const SpatialSpec& spec,
                                                 const Layers& layers) {
  return std::make_unique<CudaAccelerator>(api, spec, layers);
}

std::unique_ptr<Accelerator> MakeAccelerator(const SpatialSpec& spec, const Layers& layers) {
  if (spec.device == Device::kCpu) return nullptr;
  return MakeCudaAccelerator(CudaLibrary(), spec, layers);
}

}  // namespace synfire::spatial
