#!/usr/bin/env bash
# Pieces for a lent GPU machine.   pack.sh DIR [PEERS]     run in the project's root, after `npm ci`
#   DIR    folder of this checkout that git ignores (echo /.gpu/ >> .git/info/exclude); PEERS  path of bench.py
# Makes DIR/p.aa, p.ab, ... (one xz tar of everything, in pieces), DIR/check.sh, DIR/unpack.sh, DIR/MANIFEST.
# Same path on both machines: TensorFlow's and the binding's places are compiled in. Needs pip, g++, readelf, strip, xz; 6 GB in /tmp.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd); peers=${2:-}; project=$PWD
root=/tmp/emergence-gpu; tf=$root/cache/runtime/tensorflow-2.21.0-cuda-linux-x64
# What travels in one call is the working tree plus DIR's piece, 64 MiB together: leave room for the tree.
piece=${PIECE_MIB:-49}
stamp=@1700000000
rm -rf "$root"; mkdir -p "$root/bin" "$root/app" "$root/wheels" "$tf"
say() { echo "$(date +%T) $*"; }

say 'wheels'
fetch() { python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
  --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -d "$root/wheels" "$@"; }
if [ -n "${WHEELS:-}" ]; then ln -sf "$WHEELS"/*.whl "$root/wheels/"; else fetch tensorflow==2.21.0 nvidia-cuda-runtime-cu12==12.9.79 nvidia-cuda-nvcc-cu12==12.9.86; fi
unzip -q -o "$root"/wheels/tensorflow-2.21.0-*.whl 'tensorflow/libtensorflow_*' 'tensorflow/include/*' -d "$tf"
unzip -q -o "$root"/wheels/nvidia_cuda_runtime_cu12-*.whl 'nvidia/cuda_runtime/lib/libcudart.so.12' -d "$tf"
# What XLA compiles with (check.sh xla).
unzip -q -o "$root"/wheels/nvidia_cuda_nvcc_cu12-*.whl 'nvidia/cuda_nvcc/bin/ptxas' 'nvidia/cuda_nvcc/nvvm/libdevice/*' -d "$tf"

say 'strip; keep the GPU code of compute capability 9.0 alone (H100, H200)'
for lib in "$tf"/tensorflow/libtensorflow_*.so.2; do strip --strip-unneeded "$lib"; python3 "$here/slim.py" "$lib" 90; touch -d $stamp "$lib"; done

say 'binding, at the path that it will have there'
env -u EMERGENCE_TENSORFLOW EMERGENCE_CACHE_DIR="$root/cache" node bin/emergence.js setup --device cpu
# The lab wants this one header to take the folder for a TensorFlow; nothing is compiled there.
mv "$tf/tensorflow/include/tensorflow/c/c_api.h" "$root/c_api.h"; rm -rf "$tf/tensorflow/include" "$root/cache/downloads"
mkdir -p "$tf/tensorflow/include/tensorflow/c"; mv "$root/c_api.h" "$tf/tensorflow/include/tensorflow/c/"

say 'the package as it is published, the two libraries that it needs, and node'
tarball=$(npm pack --silent --pack-destination "$root")
tar xf "$root/$tarball" -C "$root/app" --strip-components=1 --exclude='*.map' --exclude='package/docs' --exclude='package/dist/types'
tar cf - node_modules/{sharp,@img,@resvg,detect-libc,semver} | tar xf - -C "$root/app"
cp "$(readlink -f "$(command -v node)")" "$root/bin/node"
[ -n "$peers" ] && mkdir -p "$root/peers" && cp "$peers" "$root/peers/bench.py"
cp "$here/check.sh" "$root/check.sh"; cp "$here/curves.mjs" "$root/curves.mjs"
rm -rf "$root/wheels" "$root/$tarball"
say 'CPU reference, for the curves to be compared with'
if [ -d "${REFERENCE:-/nonexistent}" ]; then cp -r "$REFERENCE" "$root/reference"; fi

say 'pack'
cd "$root"
find . -type f -size +1M -print0 | sort -z | xargs -0 sha256sum >"$out/FILES"
rm -f "$out"/p.??
tar cf - --sort=name --mtime=$stamp --owner=0 --group=0 --numeric-owner --format=gnu . | ${COMPRESS:-xz -T0 -6 --block-size=24MiB} |
  split -b "${piece}m" - "$out/p."
cp "$here/check.sh" "$here/unpack.sh" "$out/"
cd "$out" && sha256sum p.?? check.sh unpack.sh FILES >MANIFEST
say "done: $(ls p.?? | wc -l) pieces, $(du -cbm p.?? | tail -1 | cut -f1) MB"; ls -l
