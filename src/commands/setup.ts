/** `emergence setup`: installs the runtime that `train` would otherwise install on first use. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { DeviceRequest } from '../install/runtime.js';
import { devices } from '../experiment/schema.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { printJson, type Forms } from './print.js';

interface SetupOptions extends Pick<Forms, 'json'> {
  readonly device: DeviceRequest;
  readonly tensorflow?: string | undefined;
  readonly forget?: true | undefined;
}

export function registerSetup(program: CommandUnknownOpts): void {
  program
    .command('setup')
    .description('download TensorFlow and build its binding, as train does on first use')
    .addOption(
      new Option('--device <name>', 'which build: cpu, gpu, or auto (what this machine has)')
        .choices(devices)
        .default('auto'),
    )
    .addOption(
      new Option(
        '--tensorflow <folder>',
        'use the TensorFlow in this folder (.../site-packages/tensorflow) from now on',
      ).conflicts('forget'),
    )
    .option('--forget', 'forget the folder given with --tensorflow and use the cached TensorFlow again')
    .addOption(json)
    .addHelpText('after', examples('setup --device cpu'))
    .action(async (options) => {
      process.exitCode = await setup(options);
    });
}

/** Exit code: 0 once everything is installed, 130 after Ctrl-C, 143 after SIGTERM. */
async function setup({ device, tensorflow, forget, json: isJson }: SetupOptions): Promise<number> {
  const { rememberTensorflow } = await import('../install/tensorflow.js');
  const { ensureRuntime } = await import('../install/runtime.js');
  const { stopOnSignals } = await import('../terminal/signals.js');
  if (forget === true) await rememberTensorflow(undefined);
  const stop = stopOnSignals();
  const runtime = await ensureRuntime({
    device,
    tensorflow,
    onProgress: (line) => {
      console.error(line);
    },
    signal: stop.signal,
  })
    .catch((error: unknown) => {
      if (stop.signal.aborted) return undefined;
      throw error;
    })
    .finally(stop.release);
  if (runtime === undefined) {
    console.error('stopped; run the same command again to redo the unfinished part');
    return stop.exitCode();
  }
  // Only one that could be loaded is remembered.
  if (tensorflow !== undefined) await rememberTensorflow(tensorflow);
  if (isJson === true) {
    printJson({ tensorflow: runtime.tensorflowVersion, folder: runtime.folder, device: runtime.device });
    return 0;
  }
  console.log(`TensorFlow ${runtime.tensorflowVersion} in ${runtime.folder}`);
  console.log(`runs on the ${runtime.device.kind.toUpperCase()}: ${runtime.device.name}`);
  return 0;
}
