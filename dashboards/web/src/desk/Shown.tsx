import type { ComponentChildren } from 'preact';
import type { Fetched } from '../shell/history';
import { useWords, type Word } from '../words';

interface Props<T> {
  fetched: Fetched<T[]>;
  late: Word;
  none: Word;
  children: (value: T[]) => ComponentChildren;
}

/** What was fetched, or why it is not there. */
export function Shown<T>({ fetched, late, none, children }: Props<T>) {
  const say = useWords();
  if (fetched.state === 'loading') return <p class="quiet">{say('talk.loading')}</p>;
  if (fetched.state === 'late')
    return (
      <p class="quiet" data-testid="history-late">
        {say(late)}
      </p>
    );
  if (fetched.state === 'failed') return <p class="quiet">{say('talk.failed')}</p>;
  if (fetched.value.length === 0) return <p class="quiet">{say(none)}</p>;
  return children(fetched.value);
}
