import { useEffect, useRef, useState } from 'preact/hooks';
import { call, Refused } from '../shell/http';
import { list } from '../wire/read';
import { learn } from '../words/learnt';
import { type Head, joinSaid, readHead, readSaid, type Said } from './head';
import { askFor, headOfRows, rowsOf } from './rows';

export type Why = 'loading' | 'denied' | 'none' | 'late' | 'failed';

export type Found =
  | { state: Why; code: string }
  | {
      state: 'there';
      head: Head | null;
      messages: readonly Said[];
      more: boolean;
      /** Older messages are on their way, or could not be had. */
      older: '' | 'loading' | 'failed';
      as_of_ms: number;
    };

/** Late history is asked for again by itself. */
const askAgain = 15_000;

async function page(id: string, before: number): Promise<{ messages: Said[]; more: boolean }> {
  const query = before > 0 ? `?before=${before}` : '';
  const answer = await call('GET', `/api/conversations/${encodeURIComponent(id)}/messages${query}`);
  return { messages: joinSaid([], list(answer.messages, readSaid)), more: answer.more === true };
}

async function toldHead(id: string): Promise<Head | null> {
  try {
    return readHead(await call('GET', `/api/conversations/${encodeURIComponent(id)}`));
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

// A server that tells no head may tell the lists behind the boards' numbers, to those who read boards.
async function foundHead(id: string, messages: readonly Said[]): Promise<Head | null> {
  const [first, last] = [messages[0], messages.at(-1)];
  if (!first || !last) return null;
  try {
    const me = await call('GET', '/api/boards/me');
    const answer = await call('POST', '/api/query', { queries: askFor(first.sent_ms, last.sent_ms) });
    return headOfRows(id, rowsOf(id, answer), me);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) throw error;
    return null;
  }
}

/** The messages are there in any case; the head, where there is one. */
async function all(id: string): Promise<{ messages: Said[]; more: boolean; head: Head | null }> {
  const [first, told] = await Promise.all([page(id, 0), toldHead(id)]);
  const head = told ?? (await foundHead(id, first.messages));
  for (const intent of head?.intents ?? []) learn('intent', intent.id, intent);
  return { ...first, head };
}

function why(error: unknown): { state: Why; code: string } {
  if (!(error instanceof Refused)) return { state: 'failed', code: 'page' };
  const code = error.code || String(error.status);
  if (error.status === 403) return { state: 'denied', code };
  if (error.status === 400 || error.status === 404) return { state: 'none', code };
  return { state: error.status === 503 || error.status === 0 ? 'late' : 'failed', code };
}

/** A conversation as the server tells it now; out is called when the login has ended. */
export function useConversation(id: string, out: () => void) {
  const [found, setFound] = useState<Found>({ state: 'loading', code: '' });
  const asked = useRef({ turn: 0, busy: false });

  const load = async () => {
    const here = asked.current;
    here.turn += 1;
    const { turn } = here;
    try {
      const now = await all(id);
      if (turn !== here.turn) return;
      const empty = now.messages.length === 0 && (now.head?.contacts.length ?? 0) === 0;
      if (empty) setFound({ state: 'none', code: '' });
      else setFound({ state: 'there', ...now, older: '', as_of_ms: Date.now() });
    } catch (error) {
      if (turn !== here.turn) return;
      if (error instanceof Refused && error.status === 401) return out();
      // What is there stays when it cannot be had anew.
      setFound((had) => (had.state === 'there' ? had : why(error)));
    }
  };

  const older = async () => {
    const here = asked.current;
    const first = found.state === 'there' ? found.messages[0] : undefined;
    if (here.busy || !first) return;
    here.busy = true;
    const { turn } = here;
    const put = (change: Partial<Extract<Found, { state: 'there' }>>) =>
      setFound((had) => (had.state === 'there' && turn === here.turn ? { ...had, ...change } : had));
    put({ older: 'loading' });
    try {
      const more = await page(id, first.sequence);
      setFound((had) =>
        had.state === 'there' && turn === here.turn
          ? { ...had, messages: joinSaid(had.messages, more.messages), more: more.more, older: '' }
          : had,
      );
    } catch (error) {
      if (error instanceof Refused && error.status === 401) out();
      put({ older: 'failed' });
    } finally {
      here.busy = false;
    }
  };

  useEffect(() => {
    setFound({ state: 'loading', code: '' });
    void load();
    return () => {
      asked.current.turn += 1;
    };
  }, [id]);
  useEffect(() => {
    if (found.state !== 'late') return;
    const timer = setTimeout(load, askAgain);
    return () => clearTimeout(timer);
  }, [found]);
  return { found, again: () => void load(), older: () => void older() };
}
