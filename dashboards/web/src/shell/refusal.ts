// Why something came to nothing, in the reader's language: by the code of the refusal, with the server's own sentence where a code
// stands for many things or is not known here.
import type { Say, Word } from '../words';
import { en } from '../words/en';
import { faultIn } from '../words/faults';
import { Refused } from './http';

export interface Refusal {
  code: string;
  /** Of a code `refused`: what came too late. */
  reason?: string;
  text?: string;
}

export function whyNot(say: Say, { code, reason = '', text = '' }: Refusal): string {
  if (code === 'refused') return say.code('late', reason);
  const told = faultIn(say.language, text) || code;
  const word = `fault.${code}`;
  return Object.hasOwn(en, word) ? say(word as Word, { text: told }) : told;
}

/** The same of what a call threw. */
export const whyFailed = (say: Say, error: unknown): string =>
  whyNot(say, error instanceof Refused ? { code: error.code, text: error.message || String(error.status) } : { code: 'page' });
