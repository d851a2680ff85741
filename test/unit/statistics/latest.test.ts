import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { idleMilliseconds, latest } from '../../../src/statistics/latest.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('is kept as long as it is used, and let go afterwards; then kept anew', () => {
  const kept = latest<number[]>();
  expect(kept.get()).toBeUndefined();
  for (let round = 0; round < 2; round++) {
    kept.set([round]);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(idleMilliseconds - 1);
      expect(kept.get()).toEqual([round]);
    }
    vi.advanceTimersByTime(idleMilliseconds);
    expect(kept.get()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  }
});

test('only the latest is kept, under a single timer', () => {
  const kept = latest<string>();
  kept.set('a');
  kept.set('b');
  expect([kept.get(), vi.getTimerCount()]).toEqual(['b', 1]);
});
