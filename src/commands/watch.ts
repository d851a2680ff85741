/** `emergence watch`: a run while it trains, in the terminal or on a local page. */
import type { Command } from 'commander';
import type { RunProgress } from '../runs/progress.js';
import { UsageError } from '../terminal/errors.js';
import type { MaybeTerminal } from '../terminal/size.js';
import { root, wholeNumber } from './runs.js';
import { examples } from './examples.js';

interface WatchOptions {
  readonly page?: true;
  readonly port?: string;
}

export function registerWatch(program: Command): void {
  program
    .command('watch <run>')
    .description('follow a run while it trains: members, epochs, losses and what is left; ends when it is complete')
    .option('--page', 'a page for a browser on this machine instead, with the curves of the losses')
    .option('--port <n>', 'port of the page (default: one that is free)')
    .addHelpText('after', examples('watch lenet-mnist'))
    .action(async (name: string, options: WatchOptions) => {
      process.exitCode = await watch(name, options);
    });
}

/** Shows what has changed, each second. */
interface Screen {
  show(progress: RunProgress): void;
  close(): Promise<void> | void;
}

const intervalMilliseconds = 1000;

/** Exit code: 0 when the run is complete, 130 after Ctrl-C, 143 after SIGTERM. */
async function watch(name: string, { page, port }: WatchOptions): Promise<number> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  const { locateRun } = await import('../runs/locate.js');
  const { readProgress } = await import('../runs/progress.js');
  const { stopOnSignals } = await import('../terminal/signals.js');

  if (port !== undefined && page !== true) throw new UsageError('is of the page', '--port', 'add --page');
  const portNumber = wholeNumber(port, '--port', 0);
  if (portNumber > 65535) throw new UsageError(`${portNumber} is no port`, '--port', 'ports end at 65535');
  const folder = await locateRun(name, root);
  const stop = stopOnSignals();
  let screen: Screen | undefined;
  try {
    for (;;) {
      const progress = await readProgress(folder);
      // A page of a run that is complete would be gone before it is opened.
      screen ??= page === true && progress.status !== 'complete' ? await openPage(portNumber) : await openTerminal();
      screen.show(progress);
      if (progress.status === 'complete') return 0;
      // Ctrl-C ends the wait by an error.
      await sleep(intervalMilliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return stop.exitCode();
    }
  } finally {
    await screen?.close();
    stop.release();
  }
}

async function openPage(port: number): Promise<Screen> {
  const { openWatchServer } = await import('../report/watch/server.js');
  const { headline } = await import('../report/watch/lines.js');
  const server = await openWatchServer(port);
  console.log(`open ${server.url} in a browser on this machine; Ctrl-C ends it`);
  return {
    show(progress) {
      server.publish(progress);
      if (progress.status === 'complete') console.log(headline(progress));
    },
    close: () => server.close(),
  };
}

/** Redrawn where the terminal moves its cursor, else a line for all that happens. */
async function openTerminal(): Promise<Screen> {
  const { newsLines, viewLines } = await import('../report/watch/lines.js');
  const { usesColour } = await import('../terminal/colour.js');
  const { drawn } = await import('../terminal/guard.js');
  const { printableText } = await import('../terminal/printable.js');
  const { sizeOf } = await import('../terminal/size.js');
  const out: MaybeTerminal = drawn(process.stdout);
  if (out.isTTY !== true || process.env['TERM'] === 'dumb') {
    let before: RunProgress | undefined;
    return {
      show(progress) {
        for (const line of newsLines(progress, before)) console.log(line);
        before = progress;
      },
      close: () => undefined,
    };
  }
  const [hideCursor, showCursor, clearBelow] = ['\u001b[?25l', '\u001b[?25h', '\u001b[J'];
  let height = 0;
  out.write(hideCursor);
  return {
    show(progress) {
      const lines = viewLines(progress, { ...sizeOf(out), colour: usesColour(out) }).map(printableText);
      const up = height === 0 ? '' : `\u001b[${height}A`;
      out.write(`${up}\r${clearBelow}${lines.join('\n')}\n`);
      height = lines.length;
    },
    close: () => void out.write(showCursor),
  };
}
