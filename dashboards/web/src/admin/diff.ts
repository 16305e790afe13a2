// The lines that differ between two texts, as a person reads a change. Pure.

export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'gap';
  text: string;
  /** The line's number in the new text, for a removed one in the old; 0 for a gap. */
  at: number;
}

const around = 2;
/** Beyond it, the middle is shown as replaced as a whole: the table of a comparison grows with the square. */
const mostCells = 4_000_000;

function script(a: readonly string[], b: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const left = a.slice(head, a.length - tail);
  const right = b.slice(head, b.length - tail);
  const out: DiffLine[] = b.slice(0, head).map((text, i) => ({ kind: 'same', text, at: i + 1 }));
  out.push(...middle(left, right, head));
  const from = b.length - tail;
  out.push(...b.slice(from).map((text, i): DiffLine => ({ kind: 'same', text, at: from + i + 1 })));
  return out;
}

function middle(a: readonly string[], b: readonly string[], offset: number): DiffLine[] {
  const removed = (i: number): DiffLine => ({ kind: 'removed', text: a[i] ?? '', at: offset + i + 1 });
  const added = (j: number): DiffLine => ({ kind: 'added', text: b[j] ?? '', at: offset + j + 1 });
  if (a.length * b.length > mostCells) return [...a.map((_, i) => removed(i)), ...b.map((_, j) => added(j))];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const cell = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
  const out: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: b[j] ?? '', at: offset + j + 1 });
      i++;
      j++;
    } else if (i < a.length && (j === b.length || cell(i + 1, j) >= cell(i, j + 1))) out.push(removed(i++));
    else out.push(added(j++));
  }
  return out;
}

/** What changed, with a few lines around it; empty where nothing did. */
export function diff(was: string, now: string): DiffLine[] {
  const lines = (text: string) => text.replace(/\n$/, '').split('\n');
  const all = script(lines(was), lines(now));
  const near = new Uint8Array(all.length);
  all.forEach((line, i) => {
    if (line.kind === 'same') return;
    for (let k = Math.max(0, i - around); k <= Math.min(all.length - 1, i + around); k++) near[k] = 1;
  });
  const out: DiffLine[] = [];
  all.forEach((line, i) => {
    if (near[i]) out.push(line);
    else if (near[i - 1] && near.includes(1, i)) out.push({ kind: 'gap', text: '', at: 0 });
  });
  return out;
}
