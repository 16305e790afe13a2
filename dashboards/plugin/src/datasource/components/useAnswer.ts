import { useEffect, useState } from 'react';

interface Answer<T> {
  value?: T;
  error?: string;
  loading: boolean;
}

/** The answer to a question that is asked once for each `about`; one that comes after the component is gone is dropped. */
export function useAnswer<T>(ask: () => Promise<T>, about: unknown): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ loading: true });
  useEffect(() => {
    let gone = false;
    const take = (next: Answer<T>) => !gone && setAnswer(next);
    ask().then(
      (value) => take({ value, loading: false }),
      (error: unknown) => take({ error: messageOf(error), loading: false })
    );
    return () => {
      gone = true;
    };
    // The question is another only when what it is about is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [about]);
  return answer;
}

/** The words of an error: the backend's own where it sent some. */
export function messageOf(error: unknown): string {
  if (error && typeof error === 'object') {
    const data = 'data' in error ? error.data : undefined;
    if (data && typeof data === 'object' && 'message' in data && data.message) {
      return String(data.message);
    }
    if ('message' in error && error.message) {
      return String(error.message);
    }
    if ('statusText' in error && error.statusText) {
      return String(error.statusText);
    }
  }
  return String(error);
}
