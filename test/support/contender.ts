/**
 * A process that takes a lock repeatedly and reports what it saw: `node --import tsx contender.ts FILE ROUNDS`. While it holds the lock it
 * owns a file that only one process can create, so a second holder would show. With 0 rounds it takes the lock once and stays.
 */
import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../../src/machine/lock.js';

// A host whose clock is this many milliseconds ahead.
const ahead = Number(process.env['CLOCK_AHEAD'] ?? 0);
const { now } = Date;
Date.now = () => now() + ahead;

const [, , file = '', rounds = '0'] = process.argv;
const inside = `${file}-inside`;
const say = (what: string) => process.stdout.write(`${what}\n`);

say('ready');
for (let taken = 0; taken < Math.max(1, Number(rounds));) {
  const attempt = await tryLock(file);
  if ('busy' in attempt) {
    if (rounds === '0') {
      say(`busy ${attempt.busy?.host ?? 'unknown'}`);
      await sleep(500);
    } else await sleep(1);
    continue;
  }
  try {
    // A process killed while it held the lock has left it behind.
    const before = fs.existsSync(inside) ? Number(fs.readFileSync(inside, 'utf8')) : 0;
    if (before > 0 && !isOver(before)) say(`two inside, the other is ${before}`);
    fs.writeFileSync(inside, String(process.pid));
    await sleep(taken % 3);
    await attempt.held.confirm();
    if (fs.readFileSync(inside, 'utf8') !== String(process.pid)) say('another came in');
    fs.rmSync(inside);
  } catch (error) {
    say(String(error));
  }
  taken += 1;
  say('taken');
  if (rounds === '0') await sleep(600_000);
  await attempt.held.release();
}
say('done');
process.exit();

/** A killed process answers signals until its parent has taken note; its state is in /proc, if there is one. */
function isOver(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = fs.existsSync(`/proc/${pid}/stat`) ? fs.readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return /\) [ZX] /.test(stat);
  } catch {
    return true;
  }
}
