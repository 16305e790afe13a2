// Words in the person's language, and times as that language writes them.
import { type Language, language } from '../shell/prefs';
import { useStore } from '../wire/store';
import { en, type Word, type Words } from './en';
import { learntName } from './learnt';
import { zh } from './zh';

export type { Word } from './en';

const all: Record<Language, Words> = { en, zh };

export interface Say {
  (word: Word, fill?: Record<string, string | number>): string;
  language: Language;
  /** The word for a code of a family, such as `channel.` + webchat; an unknown code is shown as it is. */
  code(family: string, code: string): string;
  clock(ms: number): string;
  day(ms: number): string;
  /** A span such as 2:05 or 1:02:05. */
  span(ms: number): string;
}

function sayer(lang: Language): Say {
  const words = all[lang];
  const locale = lang === 'zh' ? 'zh-CN' : 'en';
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const date = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const fillIn = (text: string, fill?: Record<string, string | number>) =>
    fill ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole)) : text;
  const say = (word: Word, fill?: Record<string, string | number>) => fillIn(words[word], fill);
  return Object.assign(say, {
    language: lang,
    code: (family: string, code: string) => {
      const word = `${family}.${code}`;
      if (Object.hasOwn(words, word)) return words[word as Word];
      return learntName(lang, word) || code.replaceAll('_', ' ');
    },
    clock: (ms: number) => (ms > 0 ? time.format(ms) : ''),
    day: (ms: number) => (ms > 0 ? date.format(ms) : ''),
    span,
  });
}

export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

const sayers: Record<Language, Say> = { en: sayer('en'), zh: sayer('zh') };

export function useWords(): Say {
  return sayers[useStore(language)];
}

export function wordsNow(): Say {
  return sayers[language.get()];
}
