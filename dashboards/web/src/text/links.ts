// Which parts of what somebody wrote are addresses of web pages. Only http and https: nothing else becomes a link, whatever it says.
// Pure.

export type Part = string | { href: string; text: string };

/**
 * Scripts that are written without spaces: where one of them begins, the address has ended. Browsers would take such letters into a
 * path, but RFC 3986 knows none of them, addresses that are copied have them as %XX, and in 请看https://a.example/b这个链接 only
 * a reader knows where the path ends: a link that is too short leads to a page nearby, one that is too long leads nowhere.
 */
const spaceless = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\uFF00-\\uFFEF';
const letter = `(?![${spaceless}])[\\p{L}\\p{N}]`;
// A host is plain letters alone and no name stands before it, so that none looks like another; a path may have any letters that stand between spaces.
const address = new RegExp(
  `\\bhttps?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\\d{1,5})?(?!${letter}|[^\\s/?#]*@)(?:[/?#](?:${letter}|[-._~:/?#[\\]@!$&'()*+,;=%|])*)?`,
  'giu',
);
const closing = ".,;:!?'*_~|)]";
const opened: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/** An address without what ends the sentence around it. In one go: a customer may write thousands of brackets. */
function trimmed(url: string): string {
  const count: Record<string, number> = { '(': 0, ')': 0, '[': 0, ']': 0 };
  for (const letter of url) if (letter in count) count[letter] = (count[letter] ?? 0) + 1;
  let end = url.length;
  for (let last = url[end - 1]; last && closing.includes(last); last = url[end - 1]) {
    const open = opened[last];
    if (open && (count[open] ?? 0) >= (count[last] ?? 0)) break;
    if (open) count[last] = (count[last] ?? 0) - 1;
    end -= 1;
  }
  return url.slice(0, end);
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
