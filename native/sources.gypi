{
  "variables": {
    "core_sources": [
      "native/base/cpu_features.cc",
      "native/base/thread_team.cc",
      "native/data/augment.cc",
      "native/data/dataset.cc",
      "native/data/digit_glyphs.cc",
      "native/data/digits.cc",
      "native/layers/conv.cc",
      "native/layers/dense.cc",
      "native/layers/dropout.cc",
      "native/layers/epoch.cc",
      "native/layers/kernels.cc",
      "native/layers/kernels_base.cc",
      "native/layers/loss.cc",
      "native/layers/network.cc",
      "native/layers/pooling.cc",
      "native/layers/spec.cc",
      "native/layers/synaptic_layer.cc"
    ],
    "avx2_sources": [
      "native/layers/kernels_avx2.cc"
    ],
    "avx512_sources": [
      "native/layers/kernels_avx512.cc"
    ],
    "addon_sources": [
      "native/addon/addon.cc",
      "native/addon/dataset.cc",
      "native/addon/errors.cc",
      "native/addon/job.cc",
      "native/addon/layer_network.cc",
      "native/addon/network_spec.cc",
      "native/addon/options.cc"
    ],
    "test_sources": [
      "native/tests/main.cc",
      "native/tests/base_memory.cc",
      "native/tests/base_philox.cc",
      "native/tests/base_thread_team.cc",
      "native/tests/data_augment.cc",
      "native/tests/data_dataset.cc",
      "native/tests/data_digits.cc",
      "native/tests/data_sampler.cc",
      "native/tests/layers_encoders.cc",
      "native/tests/layers_epoch.cc",
      "native/tests/layers_gradients.cc",
      "native/tests/layers_kernels.cc",
      "native/tests/layers_loss.cc",
      "native/tests/layers_memory.cc",
      "native/tests/layers_neurons.cc",
      "native/tests/layers_optimizers.cc",
      "native/tests/layers_pooling.cc",
      "native/tests/layers_reference.cc",
      "native/tests/layers_spec.cc",
      "native/tests/layers_synapses.cc",
      "native/tests/layers_training.cc"
    ],
    "cxx_flags": [
      "-Wall",
      "-Wextra",
      "-fno-rtti",
      "-ffp-contract=off",
      "-fno-math-errno",
      "-fno-trapping-math",
      "-Wno-psabi"
    ],
    "avx2_flags": [
      "-mavx2",
      "-mfma",
      "-mbmi2",
      "-mf16c"
    ],
    "avx512_flags": [
      "-mavx512f",
      "-mavx512bw",
      "-mavx512dq",
      "-mavx512vl",
      "-mavx512vnni",
      "-mavx512vbmi2",
      "-mavx2",
      "-mfma",
      "-mbmi2",
      "-mf16c",
      "-mprefer-vector-width=512",
      "-Wno-maybe-uninitialized"
    ],
    "link_flags": [
      "-static-libstdc++",
      "-Wl,-z,nodelete",
      "-Wl,-Bsymbolic",
      "-Wl,--gc-sections"
    ]
  }
}
