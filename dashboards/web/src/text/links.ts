// Which parts of what somebody wrote are addresses of web pages. Only http and https: nothing else becomes a link, whatever it says.
// Pure.

export type Part = string | { href: string; text: string };

/** Scripts that are written without spaces: where one of them begins, the address has ended. */
const spaceless = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\uFF00-\\uFFEF';
const letter = `(?![${spaceless}])[\\p{L}\\p{N}]`;
// A host is plain letters alone and no name stands before it, so that none looks like another; a path may have any letters that stand between spaces.
const address = new RegExp(
  `\\bhttps?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\\d{1,5})?(?!${letter}|[^\\s/?#]*@)(?:[/?#](?:${letter}|[-._~:/?#[\\]@!$&'()*+,;=%|])*)?`,
  'giu',
);
const closing = /[.,;:!?'*_~|)\]]$/;
const opened: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

const count = (text: string, letter: string): number => text.split(letter).length - 1;

/** An address without what ends the sentence around it. */
function trimmed(found: string): string {
  let url = found;
  for (let last = closing.exec(url)?.[0]; last; last = closing.exec(url)?.[0]) {
    const open = opened[last];
    if (open && count(url, open) >= count(url, last)) break;
    url = url.slice(0, -1);
  }
  return url;
}

function hrefOf(found: string): string {
  try {
    const url = new URL(found);
    return /^https?:$/.test(url.protocol) ? url.href : '';
  } catch {
    return '';
  }
}

export function linked(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(address)) {
    const found = trimmed(match[0]);
    const href = hrefOf(found);
    if (!href) continue;
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push({ href, text: found });
    at = match.index + found.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}
