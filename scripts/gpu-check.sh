#!/usr/bin/env bash
# On a machine with a GPU, without Node: builds the CUDA engine with nvcc and g++, compares it bit by bit with the
# processor's engine, once linked and once through the shared library, and times both beside PyTorch where that is
# installed. gpu-check.sh [seconds for PyTorch, 60]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly out=${GPU_CHECK_OUT:-out/gpu} torch_seconds=${1:-60}
arch=${GPU_CHECK_ARCH:-sm_90}
mkdir -p "$out"
rm -f "$out"/*.o

readonly host=(g++ -std=c++20 -O3 -fPIC -fno-rtti -ffp-contract=off -fno-math-errno -fno-trapping-math -Wno-psabi -I.)
readonly device=(nvcc -std=c++20 -O3 "-arch=$arch" --expt-relaxed-constexpr -fmad=false -Xcompiler -fPIC -I.)
readonly avx2=(-mavx2 -mfma -mbmi2 -mf16c)
readonly avx512=(-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mavx512vbmi2 -mprefer-vector-width=512)
compile() { "${@:2}" -c "$1" -o "$out/$(basename "${1%.*}").o"; }

"${device[@]}" --version | tail -1
jobs=()
background() { "$@" & jobs+=($!); }
for source in native/base/{cpu_features,device_library,thread_team}.cc \
  native/spatial/{cuda_accelerator,grid,kernels,kernels_base,layer,learn,network,spec}.cc; do
  background compile "$source" "${host[@]}"
done
background compile native/spatial/kernels_avx2.cc "${host[@]}" "${avx2[@]}"
background compile native/spatial/kernels_avx512.cc "${host[@]}" "${avx2[@]}" "${avx512[@]}"
background compile cuda/backend.cc "${device[@]}"
background compile cuda/spatial.cu "${device[@]}"
background compile cuda/check/spatial_check.cc "${host[@]}"
background compile cuda/check/spatial_timings.cc "${device[@]}"
for job in "${jobs[@]}"; do wait "$job"; done

cd "$out"
readonly engine=(backend.o spatial.o grid.o)
readonly network=(cpu_features.o device_library.o thread_team.o cuda_accelerator.o kernels*.o layer.o learn.o network.o spec.o)
nvcc "-arch=$arch" -cudart static -shared "${engine[@]}" -o libsynfire_cuda.so -Xlinker --version-script="$OLDPWD/cuda/exports.map"
for program in spatial_check spatial_timings; do
  nvcc "-arch=$arch" -cudart static $program.o "${engine[@]}" "${network[@]}" -o $program -lpthread -ldl
done
cd "$OLDPWD"

echo "== the same bits, linked"
"$out/spatial_check"
echo "== the same bits, through the library"
"$out/spatial_check" "$out/libsynfire_cuda.so" | tail -1
echo "== times"
"$out/spatial_timings" | tee "$out/timings.txt"
if python3 -c 'import torch' 2>/dev/null; then
  echo "== PyTorch"
  timeout $((torch_seconds + 60)) python3 cuda/check/torch_spatial.py "$torch_seconds" "$out/timings.txt" 2>&1 | grep -v Warning || true
fi
