import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { cudaRequirements, linuxLibrary, tensorflowWheel } from '../../../src/install/wheels.js';
import { UsageError } from '../../../src/terminal/errors.js';

test.each([
  ['linux', 'x64', false, 'tensorflow-cpu==2.21.0', 'manylinux_2_27_x86_64', 'cpu'],
  ['linux', 'x64', true, 'tensorflow==2.21.0', 'manylinux_2_27_x86_64', 'cuda'],
  ['linux', 'arm64', false, 'tensorflow==2.21.0', 'manylinux_2_27_aarch64', 'cpu'],
  ['linux', 'arm64', true, 'tensorflow==2.21.0', 'manylinux_2_27_aarch64', 'cpu'],
  ['darwin', 'arm64', false, 'tensorflow==2.21.0', 'macosx_12_0_arm64', 'cpu'],
  ['darwin', 'arm64', true, 'tensorflow==2.21.0', 'macosx_12_0_arm64', 'cpu'],
] as const)('%s %s, GPU wanted: %s', (platform, machine, wantsGpu, requirement, tag, kind) => {
  // The tags are those in the names of the wheels on PyPI: tensorflow-2.21.0-cp311-cp311-TAG.whl.
  const source = tensorflowWheel(platform, machine, wantsGpu);
  expect(source).toMatchObject({ requirement, kind });
  expect(source.platforms).toContain(tag);
});

test("tags of NVIDIA's wheels are accepted, tags for a newer glibc are not", () => {
  const { platforms } = tensorflowWheel('linux', 'x64', true);
  for (const tag of ['manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'manylinux_2_25_x86_64', 'manylinux_2_27_x86_64'])
    expect(platforms).toContain(tag);
  expect(platforms.join()).not.toMatch(/2_(28|3\d)/);
});

test.each([
  ['darwin', 'x64'],
  ['win32', 'x64'],
  ['linux', 'ppc64'],
])('%s %s has no TensorFlow', (platform, machine) => {
  expect(() => tensorflowWheel(platform, machine, false)).toThrow(
    new UsageError(
      `TensorFlow 2.21.0 has no build for ${platform} on ${machine}; linux x64, linux arm64 and macOS arm64 are supported; ` +
        'set EMERGENCE_TENSORFLOW to use your own build',
    ),
  );
});

test.each(['x64', 'arm64'])('musl on %s is refused, with the reason', (machine) => {
  expect(() => tensorflowWheel('linux', machine, false, 'musl')).toThrow(
    new UsageError(
      'TensorFlow 2.21.0 has no build for musl, the C library of Alpine Linux; ' +
        'use a Linux with glibc, such as Debian or Ubuntu (the container image node:24-slim, not node:24-alpine)',
    ),
  );
});

// ldd is part of the C library and says which one.
test.runIf(process.platform === 'linux')('the C library found on this machine is the one its ldd names', () => {
  const { stdout, stderr } = spawnSync('ldd', ['--version'], { encoding: 'utf8' });
  expect(linuxLibrary()).toBe((stdout + stderr).includes('musl') ? 'musl' : 'glibc');
});

/** From the METADATA of tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl: every line about extras, and two others. */
const metadata = `Metadata-Version: 2.4
Name: tensorflow
Requires-Dist: numpy>=1.26.0
Requires-Dist: ml_dtypes<1.0.0,>=0.5.1
Provides-Extra: and-cuda
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-cuda-cupti-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-nvrtc-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-runtime-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"
Requires-Dist: nvidia-cufft-cu12<12.0,>=11.2.3.61; extra == "and-cuda"
Requires-Dist: nvidia-curand-cu12<11.0,>=10.3.6.82; extra == "and-cuda"
Requires-Dist: nvidia-cusolver-cu12<12.0,>=11.6.3.83; extra == "and-cuda"
Requires-Dist: nvidia-cusparse-cu12<13.0,>=12.5.1.3; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7; extra == "and-cuda"
Requires-Dist: nvidia-nvjitlink-cu12<13.0,>=12.5.82; extra == "and-cuda"
Provides-Extra: gcs-filesystem
Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; (sys_platform != "win32" and python_version < "3.13") and extra == "gcs-filesystem"
`;

test("CUDA's wheels are those of the extra and-cuda, with their bounds", () => {
  expect(cudaRequirements(metadata)).toEqual([
    'nvidia-cublas-cu12<13.0,>=12.5.3.2',
    'nvidia-cuda-cupti-cu12<13.0,>=12.5.82',
    'nvidia-cuda-nvcc-cu12<13.0,>=12.5.82',
    'nvidia-cuda-nvrtc-cu12<13.0,>=12.5.82',
    'nvidia-cuda-runtime-cu12<13.0,>=12.5.82',
    'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    'nvidia-cufft-cu12<12.0,>=11.2.3.61',
    'nvidia-curand-cu12<11.0,>=10.3.6.82',
    'nvidia-cusolver-cu12<12.0,>=11.6.3.83',
    'nvidia-cusparse-cu12<13.0,>=12.5.1.3',
    'nvidia-nccl-cu12<3.0,>=2.27.7',
    'nvidia-nvjitlink-cu12<13.0,>=12.5.82',
  ]);
});

test('older forms: brackets, spaces, single quotes, a second condition', () => {
  const older = `Requires-Dist: nvidia-cudnn-cu12 (==8.9.4.25) ; extra == 'and-cuda'\r
Requires-Dist: nvidia-nccl-cu12 (<3.0, >=2.19) ; (platform_system == "Linux") and extra == 'and-cuda'\r\n`;
  expect(cudaRequirements(older)).toEqual(['nvidia-cudnn-cu12==8.9.4.25', 'nvidia-nccl-cu12<3.0,>=2.19']);
});
