/** `emergence watch`: follows a run while it trains, in the terminal or on a local page. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { RunProgress } from '../runs/progress.js';
import { isLiving } from '../runs/jobs.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import { commandLine } from '../machine/installation.js';
import type { MaybeTerminal } from '../terminal/size.js';
import { examples } from './examples.js';
import { whole } from './options.js';
import { jsonOf, type Forms } from './print.js';

interface WatchOptions extends Pick<Forms, 'json'> {
  readonly page?: true | undefined;
  readonly port?: number | undefined;
}

export function registerWatch(program: CommandUnknownOpts): void {
  program
    .command('watch <run>')
    .description(
      'follow a run while it trains: members, epochs, losses and time left; ends when the run is complete, or damaged',
    )
    .option('--page', 'serve a page for a browser on this machine instead, with loss curves')
    .addOption(
      new Option('--port <n>', 'port of the page (default: any free port)').argParser(whole('--port', 0, 65535)),
    )
    .addOption(
      new Option('--json', 'print the progress as one JSON object per line on stdout after each change').conflicts(
        'page',
      ),
    )
    .addHelpText('after', examples('watch lenet-mnist'))
    .action(async (name, options) => {
      process.exitCode = await watch(name, options);
    });
}

/** Shows what has changed, once a second. */
interface Screen {
  show(progress: RunProgress): void;
  close(): Promise<void> | void;
}

const intervalMilliseconds = 1000;

/**
 * Exit code: 0 when the run is complete, 1 if it is damaged and nothing works on it, 130 after Ctrl-C, 143 after
 * SIGTERM.
 */
async function watch(name: string, { page, port, json: isJson }: WatchOptions): Promise<number> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  const { checkpoints, locateRun } = await import('../runs/locate.js');
  const { readProgress } = await import('../runs/progress.js');
  const { jobsAtAGlance } = await import('../launch/state.js');
  const { stopOnSignals } = await import('../terminal/signals.js');

  if (port !== undefined && page !== true) throw new UsageError('needs --page', '--port', 'add --page');
  const folder = await locateRun(name, checkpoints);
  const stop = stopOnSignals();
  const jobs = jobsNowAndThen(() => jobsAtAGlance()(folder));
  let screen: Screen | undefined;
  let wasOver = false;
  try {
    for (;;) {
      const progress = await readProgress(folder, await jobs());
      const isOver = progress.status === 'complete' || isStuck(progress);
      // The page of a complete run would be gone before it is opened.
      screen ??=
        isJson === true ? jsonLines() : page === true && !isOver ? await openPage(port ?? 0) : await openTerminal();
      screen.show(progress);
      if (progress.status === 'complete') return 0;
      // At the end of training, files may have been read just before they were complete.
      if (isOver && wasOver) throw damaged(progress);
      wasOver = isOver;
      // Ctrl-C ends the wait with an error.
      await sleep(intervalMilliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return stop.exitCode();
    }
  } finally {
    await screen?.close();
    stop.release();
  }
}

/**
 * Whether a member is damaged, and neither a process nor a job of a cluster works on any: it stays so until somebody
 * trains it again.
 */
function isStuck({ status, members }: RunProgress): boolean {
  return status === 'damaged' && !members.some(({ job }) => job !== null && isLiving(job));
}

function damaged({ run, members }: RunProgress): RunError {
  const ids = members.filter(({ status }) => status === 'damaged').map(({ id }) => id);
  const remedy = `${commandLine(`train --run ${run}`)} trains what is missing, or says what to restore or delete`;
  return new RunError(
    `${condensed(ids)} ${ids.length === 1 ? 'is' : 'are'} damaged, and nothing is training the run`,
    run,
    remedy,
  );
}

/** Many users ask a cluster's controller: its answer is reused for some seconds. */
const jobsMilliseconds = 10_000;

function jobsNowAndThen<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked = -Infinity;
  let answer: Promise<T>;
  return () => {
    if (performance.now() - asked > jobsMilliseconds) [asked, answer] = [performance.now(), ask()];
    return answer;
  };
}

function jsonLines(): Screen {
  let before = '';
  return {
    show(progress) {
      const line = jsonOf(progress, undefined, 0);
      if (line !== before) console.log(line);
      before = line;
    },
    close: () => undefined,
  };
}

async function openPage(port: number): Promise<Screen> {
  const { openWatchServer } = await import('../report/watch/server.js');
  const { headline } = await import('../report/watch/lines.js');
  const server = await openWatchServer(port);
  console.log(`open ${server.url} in a browser on this machine; Ctrl-C stops it`);
  return {
    show(progress) {
      server.publish(progress);
      if (progress.status === 'complete') console.log(headline(progress));
    },
    close: () => server.close(),
  };
}

/** Redrawn if the terminal can move its cursor, otherwise a line for each event. */
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
