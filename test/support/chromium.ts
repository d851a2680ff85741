/** A real Chromium for tests of the page. */
import { execFileSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Throws one line if there is none. */
export function chromiumPath(): string {
  const { CHROMIUM: own } = process.env;
  if (own !== undefined && own !== '') return own;
  for (const name of names) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // Not this one.
    }
  }
  throw new Error(
    'no Chromium is here for the tests of the page: run `apt-get install chromium`, or set CHROMIUM to one',
  );
}

export function launch(): Promise<Browser> {
  // Chromium has no sandbox for root.
  return chromium.launch({ executablePath: chromiumPath(), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
