import { expect, test } from 'vitest';
import { textWidth, wrapText } from '../../../../src/report/figures/text.js';

const font = { size: 9.6 };

test.each(['10 000', '2 831 242', 'K = 20', '95 %', 'c = 0.005', '[-0.68, 1e-7]', '[35, inf]'])(
  '%s is never broken, at any width',
  (number) => {
    const text = `seeds each, ${number} test images`;
    const [longest, whole] = [textWidth(number, font), textWidth(text, font)];
    for (let width = longest + 1; width < whole + 1; width += 2)
      expect(wrapText(text, width, font).filter((line) => line.includes(number))).toHaveLength(1);
    expect(wrapText(text, whole + 1, font)).toEqual([text]);
  },
);

test('lines are no wider than requested, and together they are the text', () => {
  const text = 'Widths 8 16 32, each on 10 000 test images: bands are 95 % intervals of subset accuracy, K = 20.';
  for (let width = 60; width < 500; width += 7) {
    const lines = wrapText(text, width, font);
    expect(lines.join(' ')).toBe(text);
    for (const line of lines) expect(textWidth(line, font)).toBeLessThanOrEqual(width);
  }
});
