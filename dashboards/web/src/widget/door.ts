// The door's answer to a page that shows the widget: a token, what is asked before a chat, whether somebody serves now.
import { flag, list, number, object, parse, text } from '../wire/read';

export interface Question {
  name: string;
  label: string;
  kind: 'text' | 'email' | 'phone' | 'choice';
  required: boolean;
  choices: string[];
}

export interface Door {
  /** False until the door answered once. */
  asked: boolean;
  greeting: string;
  language: string;
  fault: '' | 'closed' | 'away';
  form: Question[];
  open: boolean;
  /** When somebody serves again, 0 if nobody knows. */
  opens: number;
  files: boolean;
}

export const unasked: Door = {
  asked: false,
  greeting: '',
  language: '',
  fault: '',
  form: [],
  open: true,
  opens: 0,
  files: false,
};

export interface Session {
  token: string;
  door: Door;
}

export type Refusal = { status: number; code: string; text: string };

const kinds = ['text', 'email', 'phone', 'choice'] as const;

/** Asks the door for a session; a refusal is its own words, null that it did not answer. */
export async function askDoor(base: string, body: object): Promise<Session | Refusal | null> {
  try {
    const answer = await fetch(new URL('session', base), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      signal: AbortSignal.timeout(10_000),
    });
    const v = parse(await answer.text()) ?? {};
    if (!answer.ok) return { status: answer.status, code: text(v.code), text: text(v.text) };
    return {
      token: text(v.token),
      door: {
        asked: true,
        greeting: text(v.greeting),
        language: text(v.language),
        fault: '',
        form: list(v.form, (item) => {
          const q = object(item);
          return {
            name: text(q.name),
            label: text(q.label),
            kind: kinds.find((k) => k === q.kind) ?? 'text',
            required: flag(q.required),
            choices: list(q.choices, text),
          };
        }),
        open: v.open === undefined || flag(v.open),
        opens: number(v.opens_ms),
        files: flag(v.files),
      },
    };
  } catch {
    return null;
  }
}
