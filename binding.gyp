# Builds the addon with node-gyp, from the lists in native/sources.gypi. Kernels of one instruction set are libraries of
# their own, because gyp knows no flags per file.
{
  "includes": ["native/sources.gypi"],
  "target_defaults": {
    "include_dirs": ["."],
    "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "<@(cxx_flags)", "-fvisibility=hidden", "-fvisibility-inlines-hidden"]
  },
  "targets": [
    {
      "target_name": "synfire",
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "sources": ["<@(core_sources)", "<@(addon_sources)"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "SYNFIRE_VERSION=\"<!(node -p \"require('./package.json').version\")\""
      ],
      "libraries": ["-ldl"],
      "ldflags": [
        "<@(link_flags)",
        "-Wl,--version-script=<(module_root_dir)/native/addon/exports.map"
      ],
      "conditions": [
        ["target_arch == 'x64'", { "dependencies": ["synfire_avx2", "synfire_avx512"] }]
      ]
    }
  ],
  "conditions": [
    ["target_arch == 'x64'", {
      "targets": [
        {
          "target_name": "synfire_avx2",
          "type": "static_library",
          "sources": ["<@(avx2_sources)"],
          "cflags_cc": ["<@(avx2_flags)"]
        },
        {
          "target_name": "synfire_avx512",
          "type": "static_library",
          "sources": ["<@(avx512_sources)"],
          "cflags_cc": ["<@(avx512_flags)"]
        }
      ]
    }]
  ]
}
