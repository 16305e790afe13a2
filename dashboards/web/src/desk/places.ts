// Which chats stand beside each other, and which one has the keyboard. Pure: what is open stays where it is, because eyes and
// hands remember places.

/** Which page a phone shows. */
export type Pane = 'list' | 'talk' | 'info';

export interface Places {
  /** Contact by column; '' for an empty one. Never empty itself. */
  readonly open: readonly string[];
  /** The column that has the keyboard. */
  readonly at: number;
}

export const onePlace: Places = { open: [''], at: 0 };
export const mostColumns = 3;

export function current(places: Places): string {
  return places.open[places.at] ?? '';
}

/** More columns or fewer; of fewer, the one with the keyboard stays. */
export function resize(places: Places, columns: number): Places {
  const n = Math.max(1, Math.min(mostColumns, columns));
  if (n === places.open.length) return places;
  if (n > places.open.length)
    return { ...places, open: [...places.open, ...Array.from({ length: n - places.open.length }, () => '')] };
  const kept = places.open.filter((_, i) => i === places.at || i < n - (places.at >= n ? 1 : 0)).slice(0, n);
  return { open: kept, at: Math.max(0, kept.indexOf(current(places))) };
}

/** Shows a chat: where it is, else in an empty column, else in place of the one with the keyboard. */
export function pick(places: Places, contact: string): Places {
  const there = places.open.indexOf(contact);
  if (there >= 0) return there === places.at ? places : { ...places, at: there };
  const at = current(places) === '' ? places.at : places.open.includes('') ? places.open.indexOf('') : places.at;
  return { open: places.open.with(at, contact), at };
}

/** A chat that came by itself: takes an empty column, or the one with the keyboard if nobody writes there; moves no keyboard. */
export function arrive(places: Places, contact: string, writing: boolean): Places {
  if (places.open.includes(contact)) return places;
  if (current(places) === '') return { ...places, open: places.open.with(places.at, contact) };
  const free = places.open.indexOf('');
  if (free >= 0) return writing ? { ...places, open: places.open.with(free, contact) } : pick(places, contact);
  return writing ? places : { ...places, open: places.open.with(places.at, contact) };
}

/** Takes out what is done, and fills columns with those given, in their order. */
export function refill(places: Places, live: readonly string[], next: readonly string[]): Places {
  const left = places.open.map((c) => (live.includes(c) ? c : ''));
  const spare = next.filter((c) => !left.includes(c));
  const open = left.map((c) => c || spare.shift() || '');
  const same = open.every((c, i) => c === places.open[i]);
  if (same && current(places) !== '') return places;
  const at = open[places.at] ? places.at : Math.max(0, open.findIndex(Boolean));
  return same && at === places.at ? places : { open, at };
}

/** Moves the keyboard to the next column that shows a chat. */
export function nextColumn(places: Places): Places {
  for (let i = 1; i < places.open.length; i++) {
    const at = (places.at + i) % places.open.length;
    if (places.open[at]) return { ...places, at };
  }
  return places;
}
