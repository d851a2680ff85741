/** Before the tests of the page: one line where there is no browser, instead of one for each test. */
import { chromiumPath } from './chromium.js';

export function setup(): void {
  chromiumPath();
}
