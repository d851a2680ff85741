#!/usr/bin/env bash
# On the device (or here with DEVICE=cpu): check.sh STEP...   each step has its own time limit, and failing stops nothing.
# DEVICE=gpu|cpu  SIZE=full|tiny  OUT=folder that comes back. Results: $OUT/results.jsonl, $OUT/log.txt.
root=/tmp/emergence-gpu; app=$root/app; cuda=$root/cuda; DEVICE=${DEVICE:-gpu}; SIZE=${SIZE:-full}; OUT=${OUT:-$root/out}
mkdir -p "$OUT" "$root/home" "$root/tmp" "$cuda"; log=$OUT/log.txt; results=$OUT/results.jsonl
python=$(command -v python3); site=${SITE:-$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' 2>/dev/null)}
export HOME=$root/home TMPDIR=$root/tmp PATH=$root/bin:$PATH EMERGENCE_CACHE_DIR=$root/cache EMERGENCE_DATA_DIR=$root/data NO_COLOR=1
export CUDA_CACHE_PATH=$root/nv
# The driver's own folder first stays as the machine set it; ours at the end.
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$cuda
cd "$app" || exit 1
note() { printf '%s\n' "$*" | tee -a "$log"; }
step() { # step NAME SECONDS COMMAND...
  local name=$1 limit=$2 rc s e; shift 2; s=$(date +%s%N)
  echo "##### $name: $*" >>"$log"
  timeout -k 5 "$limit" "$@" >"$root/tmp/step.out" 2>&1; rc=$?
  e=$(( ($(date +%s%N) - s) / 100000000 )); head -c 200000 "$root/tmp/step.out" >>"$log"
  note "$(printf '{"step":"%s","rc":%d,"wall":%d.%d}\n' "$name" $rc $((e / 10)) $((e % 10)) | tee -a "$results")"
  [ $rc -eq 0 ] || tail -n "${TAIL:-6}" "$root/tmp/step.out" | cut -c1-300
  return $rc
}
train() { # train RUN SECONDS OPTIONS...   then one line of results per member; REF: run to compare with
  local run=$1 limit=$2; shift 2; [ -n "${KEEP:-}" ] || rm -rf "checkpoints/$run"
  [ "${ON:-$DEVICE}" = gpu ] && { nvidia-smi --query-gpu=utilization.gpu,memory.used --format=csv,noheader,nounits -lms 200 >"$root/tmp/busy" 2>/dev/null & busy=$!; }
  step "train-$run" "$limit" node bin/emergence.js train --device "${ON:-$DEVICE}" --run "$run" "$@" --json
  [ "${ON:-$DEVICE}" = gpu ] && { kill $busy; wait $busy 2>/dev/null
    sort -n "$root/tmp/busy" | awk -F, -v run="$run" '{ u[NR] = $1; if ($2 > m) m = $2 } END { if (NR) printf "{\"gpu\":\"%s\",\"samples\":%d,\"utilizationMedian\":%d,\"utilizationMax\":%d,\"memoryMiB\":%d}\n", run, NR, u[int((NR + 1) / 2)], u[NR], m }' | tee -a "$results"; }
  node $root/curves.mjs "checkpoints/$run" ${REF:+checkpoints/$REF} | tee -a "$results"
}
ONE='--seeds 0'
if [ "$SIZE" = tiny ]; then N='--train-size 512 --test-size 200 --epochs 2'; A=2,4; B=4; W=8; S='--seeds 0,1'; T='--train-size 256 --test-size 64 --epochs 2 --widths 8'; PW=8; PS=3; MOST=3
else N='--epochs 3'; A=8,32; B=32,128; W=64,128,256; S='--seeds 0,1,2,3,4,5,6,7'; T='--epochs 20 --widths 16,64'; PW=${PW:-32 128}; PS=200; MOST=63; fi
STACKS=('--stack 1' "--stack $((MOST + 1))" "--stack $((MOST + 1)) --xla")

facts() {
  step facts 30 bash -c 'nvidia-smi -L; nvidia-smi --query-gpu=name,memory.total,driver_version,compute_cap --format=csv,noheader; nvidia-smi | grep -i "cuda version"
    ls -d /proc/driver/nvidia/version /dev/nvidiactl /dev/nvidia0 /dev/dxg; echo "LD=$LD_LIBRARY_PATH"; ldconfig -p | grep -E "libcuda.so|libstdc|libz.so"; nproc; free -g | head -2; df -h /tmp | tail -1
    cat /etc/os-release | head -2; ldd --version | head -1; command -v xz zstd tar g++ c++ nvcc python3; python3 --version'
  cat "$root/tmp/step.out"; }
links() { # CUDA's libraries under the names that TensorFlow asks for: the machine's own (CUDA 13), or the real CUDA 12 ones where they were sent
  rm -rf "$cuda"; mkdir -p "$cuda"
  local from="$site/nvidia" n f
  for f in $(find -L "$from" -name 'lib*.so.*' 2>/dev/null | grep -E '/lib(cublas|cublasLt|cufft|cusolver|cusparse|cudnn[a-z_]*|nvJitLink|nvrtc[a-z-]*|cudart)\.so\.'); do ln -sf "$f" "$cuda/"; done
  named() { for f in "$cuda"/$2; do [ -e "$f" ] && [ "${f##*/}" != "$1" ] && { ln -sf "$(readlink -f "$f")" "$cuda/$1"; break; }; done; }
  named libcublas.so.12 'libcublas.so.13'; named libcublasLt.so.12 'libcublasLt.so.13'; named libcufft.so.11 'libcufft.so.12'
  named libcusolver.so.11 'libcusolver.so.12'; named libnvJitLink.so.12 'libnvJitLink.so.13'
  for f in $root/cuda12/lib*.so.*; do [ -e "$f" ] && ln -sf "$f" "$cuda/"; done
  local tf=$EMERGENCE_CACHE_DIR/runtime/tensorflow-2.21.0-cuda-linux-x64/nvidia
  ln -sf "$tf/cuda_runtime/lib/libcudart.so.12" "$cuda/libcudart.so.12" # always the real one: CUDA 13's has no cudaGetDeviceProperties_v2
  for n in cublas cudnn cufft cusparse cusolver nvjitlink; do mkdir -p "$tf/$n"; ln -sfn "$cuda" "$tf/$n/lib"; done
  step libs 60 "$python" -c '
import ctypes, os, sys
bad = 0
for n in ["libcuda.so.1", "libcudart.so.12", "libcublasLt.so.12", "libcublas.so.12", "libcufft.so.11", "libcusparse.so.12", "libcusolver.so.11", "libcudnn.so.9"]:
    try: ctypes.CDLL(n, mode=os.RTLD_NOW); print(n, "opens", os.path.realpath(os.environ.get("C", "") + "/" + n))
    except OSError as e: print(n, "FAILS", e); bad += n != "libcuda.so.1"
sys.exit(bad)'
  cat "$root/tmp/step.out"; }
doctor() { step doctor 90 node bin/emergence.js doctor; cat "$root/tmp/step.out"; }
selftest() { step selftest 180 node bin/emergence.js doctor --selftest "$DEVICE"; cat "$root/tmp/step.out"; }
probe() { # TensorFlow's own words on why it takes the GPU or does not
  TF_FORCE_GPU_ALLOW_GROWTH=true TF_CPP_MIN_LOG_LEVEL=0 TF_CPP_MAX_VLOG_LEVEL=0 TAIL=40 step probe 90 node -e '
    const m = { exports: {} }; process.dlopen(m, require("fs").readdirSync(process.argv[1]).map((d) => process.argv[1] + "/" + d + "/tfjs_binding.node")[0]);
    const t = process.hrtime.bigint(); console.log(JSON.stringify({ version: m.exports.TF_Version, usesGpu: m.exports.isUsingGpuDevice(), seconds: Number(process.hrtime.bigint() - t) / 1e9 })); process.exit(0)' "$root/cache/binding"
  tail -n 25 "$root/tmp/step.out" | cut -c1-220; }
variants() { # two switches for this check alone, in the copy here: TF32 allowed; kernels free to be fast and not repeatable
  local file; file=$(grep -l 'NVIDIA_TF32_OVERRIDE: "0"' dist/*.js) || return 0
  sed -i 's/NVIDIA_TF32_OVERRIDE: "0",/...(process.env.LAB_TF32 ? {} : { NVIDIA_TF32_OVERRIDE: "0" }),/; s/TF_DETERMINISTIC_OPS: "1",/TF_DETERMINISTIC_OPS: process.env.LAB_FREE ? "0" : "1",/; s/TF_CUDNN_DETERMINISTIC: "1",/TF_CUDNN_DETERMINISTIC: process.env.LAB_FREE ? "0" : "1",/; s/TF_CUDNN_USE_AUTOTUNE: "0",/TF_CUDNN_USE_AUTOTUNE: process.env.LAB_FREE ? "1" : "0",/; s/TF_NUM_INTEROP_THREADS: String(branches)/TF_NUM_INTEROP_THREADS: process.env.LAB_INTEROP ?? String(branches)/' $file; }
first() { train cnn-a 120 --arch cnn --dataset mnist --widths $A $N $ONE; }
same() { REF=cnn-a train cnn-b 60 --arch cnn --dataset mnist --widths $A $N $ONE; }
cpu() { ON=cpu REF=cnn-a train cnn-cpu 75 --arch cnn --dataset mnist --widths $A $N $ONE; }
ae() { train ae-a 60 --arch autoencoder --dataset mnist --widths $A $N $ONE; ON=cpu REF=ae-a train ae-cpu 60 --arch autoencoder --dataset mnist --widths $A $N $ONE; }
transformer() { train tr-a 90 --arch transformer --dataset omniglot-small --pairs 8 $T $ONE; ON=cpu REF=tr-a train tr-cpu 60 --arch transformer --dataset omniglot-small --pairs 8 $T $ONE; }
xla() { # the same families compiled by XLA, against those of first, ae and transformer; rates are in the results
  REF=cnn-a train cnn-xla 120 --arch cnn --dataset mnist --widths $A $N $ONE --xla
  REF=ae-a train ae-xla 60 --arch autoencoder --dataset mnist --widths $A $N $ONE --xla
  REF=tr-a train tr-xla 120 --arch transformer --dataset omniglot-small --pairs 8 $T $ONE --xla; }
xla_same() { # once more for the same bits
  REF=cnn-xla train cnn-xla-b 60 --arch cnn --dataset mnist --widths ${A%,*} $N $ONE --xla
  REF=ae-xla train ae-xla-b 60 --arch autoencoder --dataset mnist --widths ${A%,*} $N $ONE --xla
  REF=tr-xla train tr-xla-b 60 --arch transformer --dataset omniglot-small --pairs 8 ${T/16,64/16} $ONE --xla; }
stack() { # many seeds as one program, as it is and compiled by XLA (STACKS: options of each), against one seed; a line for each command, and the first and last member
  local arch n options data; for arch in ${STACKED:-autoencoder cnn transformer}; do
    data="--dataset mnist --widths ${A%,*} $N"; [ $arch = transformer ] && data="--dataset omniglot-small --pairs 8 ${T/16,64/16}"
    for options in "${STACKS[@]}"; do n=$(echo $options | tr -cd '[:alnum:]')
      REF=$([ "$n" = stack1 ] || echo stack-$arch-stack1) train stack-$arch-$n ${LIMIT:-90} --arch $arch $data --seeds $([ "$n" = stack1 ] && echo 0 || seq -s, 0 $MOST) $options | sed -n '1,3p;$p'; done; done; }
wide() { train cnn-wide 75 --arch cnn --dataset mnist --widths $W $N $ONE; }
jobs_() { for j in ${JOBS:-1 4 8}; do train jobs-$j 75 --arch cnn --dataset mnist --widths 8 $S $N --jobs $j | grep '^{"step"'; done; }
again() { # the same bits from an autoencoder and a transformer trained twice, and from a family that was interrupted and resumed
  for x in a b; do REF=$([ $x = b ] && echo rae-a) train rae-$x 60 --arch autoencoder --dataset mnist --widths 8 $N $ONE; done
  for x in a b; do REF=$([ $x = b ] && echo rtr-a) train rtr-$x 60 --arch transformer --dataset omniglot-small --pairs 8 ${T/16,64/16} $ONE; done
  rm -rf checkpoints/resumed; timeout -s INT "${STOP:-9}" node bin/emergence.js train --device "$DEVICE" --run resumed --arch cnn --dataset mnist --widths $A $N $ONE --json | grep -c epoch
  KEEP=1 REF=cnn-a train resumed 60 --arch cnn --dataset mnist --widths $A $N $ONE; }
bf16() { REF=cnn-a train cnn-bf16 60 --arch cnn --dataset mnist --widths $B $N $ONE --precision bfloat16; }
tf32() { variants; LAB_TF32=1 train cnn-tf32 60 --arch cnn --dataset mnist --widths $B $N $ONE; [ -n "${LAB_TF32_ONLY:-}" ] || train cnn-notf32 60 --arch cnn --dataset mnist --widths $B $N $ONE; }
interop() { variants; for i in 2 4; do LAB_INTEROP=$i REF=cnn-a train cnn-interop-$i 60 --arch cnn --dataset mnist --widths $A $N $ONE; done; }
free() { variants; LAB_FREE=1 train cnn-free 60 --arch cnn --dataset mnist --widths $B $N $ONE; }
peers() { # JAX and PyTorch of the machine, on the lab's workloads, data on the device beforehand
  sed -e 's/^    x, y = data(arch, steps); b = BATCH\[arch\]$/    x, y = map(jnp.asarray, data(arch, steps)); b = BATCH[arch]/' \
      -e 's/^    x, y = (torch.from_numpy(v) for v in data(arch, steps))$/    x, y = (torch.from_numpy(v).to(DEV) for v in data(arch, steps))/' \
      -e 's/^    import torch, torch.nn as nn, torch.nn.functional as F$/&\n    DEV = "cuda" if torch.cuda.is_available() else "cpu"; torch.set_default_device(DEV); sync = torch.cuda.synchronize if DEV == "cuda" else (lambda: None)/' \
      -e 's/^    for i in range(min(5, steps)): step(i)$/&\n    sync()/' \
      -e 's/^    for i in range(steps): step(i)$/&\n    sync()/' $root/peers/bench.py >$root/peers/bench_gpu.py
  local n; n=$(diff $root/peers/bench.py $root/peers/bench_gpu.py | grep -c '^>'); [ "$n" -ge 5 ] || note "bench.py has changed: only $n of its lines were adapted to the GPU"
  for w in $PW; do for f in jax-scan torch jax torch-compile; do for a in cnn autoencoder transformer; do
    step "peer-$f-$a-$w" 45 env XLA_PYTHON_CLIENT_PREALLOCATE=false "$python" $root/peers/bench_gpu.py --framework $f --arch $a --width $w --steps $PS && tail -1 "$root/tmp/step.out" | tee -a "$results"
  done; done; done; }
for s in "$@"; do case $s in facts | links | doctor | selftest | probe | first | same | again | cpu | ae | transformer | xla | xla_same | stack | wide | bf16 | tf32 | interop | free | peers) $s ;; jobs) jobs_ ;; *) note "no step $s" ;; esac; done
[ -s "$log" ] && { gzip -c "$log" >"$OUT/log.txt.gz"; rm -f "$log"; }; exit 0
