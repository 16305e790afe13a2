import { useEffect, useRef, useState } from 'preact/hooks';
import { pageOf } from '../shell/history';
import { Refused } from '../shell/http';
import { type History, joinHistory, noHistory } from './timeline';

export interface Older {
  state: 'loading' | 'late' | 'failed' | 'there';
  history: History;
  more: boolean;
  load: () => void;
}

/** Late history is asked for again by itself. */
const askAgain = 15_000;

// What a customer said before, page by page, the newest first.
export function useHistory(customer: string): Older {
  const [history, setHistory] = useState(noHistory);
  const [state, setState] = useState<Older['state']>('loading');
  const [more, setMore] = useState(true);
  const at = useRef({ busy: false, next: '', gone: false });

  const load = async () => {
    const here = at.current;
    if (here.busy || !customer) return;
    here.busy = true;
    setState('loading');
    try {
      const { page, next } = await pageOf(customer, here.next);
      if (here.gone) return;
      here.next = next;
      setHistory((had) => joinHistory(had, page));
      setMore(next !== '');
      setState('there');
    } catch (error) {
      const late = error instanceof Refused && (error.status === 503 || error.status === 0);
      if (!here.gone) setState(late ? 'late' : 'failed');
    } finally {
      here.busy = false;
    }
  };
  useEffect(() => {
    at.current.gone = false;
    void load();
    return () => {
      at.current.gone = true;
    };
  }, [customer]);
  useEffect(() => {
    if (state !== 'late') return;
    const timer = setTimeout(load, askAgain);
    return () => clearTimeout(timer);
  }, [state]);
  return { state, history, more, load: () => void load() };
}
