/** A file's size as people read it, in Chinese too: bytes as long as they are few, then kB and MB of a thousand; nothing where it is not known. */
export function sizeOf(bytes: number): string {
  if (bytes <= 0) return '';
  const [n, unit] = bytes < 1_000 ? [bytes, 'B'] : bytes < 999_500 ? [bytes / 1_000, 'kB'] : [bytes / 1_000_000, 'MB'];
  const digits = new Intl.NumberFormat('en', { maximumFractionDigits: n < 9.95 ? 1 : 0 });
  return `${digits.format(n)} ${unit}`;
}
