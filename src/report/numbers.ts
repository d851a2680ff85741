/** Numbers as tables and texts have them. */

/** 1234567 as 1 234 567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US').replaceAll(',', ' ');
}
