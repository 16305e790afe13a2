// What a step of the policy asks of people, in words: comparisons of skills, joined by "and" and "or". Whatever else a policy may say
// stays as it is written.
import type { Say } from '../words';

type Need = { skill: string; sign: string; level: number } | { join: 'and' | 'or'; all: Need[] };

const token = /\s*(&&|\|\||[()]|[<>=]=|[<>]|\d{1,3}(?![\w.])|[A-Za-z_]\w*)/y;
const deepest = 20;

function tokens(code: string): string[] | null {
  const found: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < code.trimEnd().length) {
    const one = token.exec(code)?.[1];
    if (!one) return null;
    found.push(one);
  }
  return found;
}

/** The needs of a line of policy, or null for one that says more than skills. */
export function readNeed(code: string): Need | null {
  const all = tokens(code);
  let at = 0;
  const joined = (sign: string, join: 'and' | 'or', part: () => Need | null): Need | null => {
    const parts: Need[] = [];
    do {
      const one = part();
      if (!one) return null;
      parts.push(one);
    } while (all?.[at] === sign && ++at);
    return parts.length === 1 && parts[0] ? parts[0] : { join, all: parts };
  };
  const either = (depth: number): Need | null => joined('||', 'or', () => both(depth));
  const both = (depth: number): Need | null => joined('&&', 'and', () => one(depth));
  const one = (depth: number): Need | null => {
    if (all?.[at] === '(' && depth < deepest) {
      at++;
      const inner = either(depth + 1);
      return all[at++] === ')' ? inner : null;
    }
    const [skill = '', sign = '', level = ''] = all?.slice(at, at + 3) ?? [];
    at += 3;
    const fits = /^[A-Za-z_]/.test(skill) && /^([<>]=?|==)$/.test(sign) && /^\d/.test(level);
    return fits ? { skill, sign, level: Number(level) } : null;
  };
  const need = all && either(0);
  return need && at === all.length ? need : null;
}

type Names = Readonly<Record<string, string>>;

function words(say: Say, need: Need, names: Names): string {
  if ('join' in need)
    return need.all
      .map((part) => {
        const inner = words(say, part, names);
        return need.join === 'and' && 'join' in part ? say('need.group', { a: inner }) : inner;
      })
      .reduce((a, b) => say(need.join === 'and' ? 'need.and' : 'need.or', { a, b }));
  const name = names[need.skill] || say.code('skill', need.skill);
  const skill = name.charAt(0).toLocaleUpperCase(say.language) + name.slice(1);
  const { sign, level } = need;
  if (sign === '==') return say('need.exactly', { skill, n: level });
  return sign.startsWith('>')
    ? say('need.least', { skill, n: sign === '>' ? level + 1 : level })
    : say('need.most', { skill, n: sign === '<' ? level - 1 : level });
}

/** In words, with skills by their names where those are known. */
export function needWords(say: Say, code: string, names: Names = {}): string {
  const need = readNeed(code);
  return need ? words(say, need, names) : code;
}
