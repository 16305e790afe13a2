// Quick replies as text: when the list opens, what it offers, how variables are filled, and which are still open. Pure.
import type { QuickReply } from '../wire/frames';

/** A variable has a dotted name in braces; other braces are the writer's own. */
const variable = /\{[a-z]+(?:\.[a-z0-9_]+)+\}/g;

export interface Query {
  /** Where the slash stands. */
  from: number;
  words: string;
}

/**
 * What is asked of the list, or null where it is not asked for. A slash opens it at the beginning of a word; Chinese keyboards
 * write 、 or ／ on that key, which begins no sentence.
 */
export function queryAt(text: string, caret: number): Query | null {
  const before = text.slice(0, caret);
  const found = /(?:^|\s)([/／][^\s/／]*)$/.exec(before) ?? /^(、\S*)$/.exec(before) ?? /\n(、\S*)$/.exec(before);
  const asked = found?.[1];
  return asked ? { from: caret - asked.length, words: asked.slice(1).toLowerCase() } : null;
}

/** The replies that fit, best first: those of the customer's language before others, names before contents. */
export function fitting(replies: readonly QuickReply[], words: string, language: string, team: string): QuickReply[] {
  const rank = (r: QuickReply): number => {
    const names = [r.id.toLowerCase(), r.title.toLowerCase()];
    if (words === '' || names.some((name) => name.startsWith(words))) return 0;
    if (names.some((name) => name.includes(words))) return 1;
    return r.text.toLowerCase().includes(words) ? 2 : 9;
  };
  const foreign = (r: QuickReply) => Number(!!r.language && !!language && r.language !== language);
  return replies
    .filter((r) => !r.team || r.team === team)
    .map((r, at) => ({ r, at, rank: rank(r) }))
    .filter((one) => one.rank < 9)
    .sort((a, b) => a.rank - b.rank || foreign(a.r) - foreign(b.r) || a.at - b.at)
    .map((one) => one.r);
}

/** Fills what is known; the rest stays for the writer. */
export function fill(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(variable, (whole) => known[whole.slice(1, -1)] || whole);
}

export interface Hole {
  from: number;
  to: number;
  name: string;
}

/** The variables that nobody has filled. */
export function holes(text: string): Hole[] {
  return [...text.matchAll(variable)].map((m) => ({
    from: m.index,
    to: m.index + m[0].length,
    name: m[0].slice(1, -1),
  }));
}

/** The next open variable after a place, or the first one. */
export function nextHole(text: string, after: number): Hole | undefined {
  const all = holes(text);
  return all.find((hole) => hole.from >= after) ?? all[0];
}
