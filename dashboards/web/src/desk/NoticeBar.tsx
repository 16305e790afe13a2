import { useEffect, useState } from 'preact/hooks';
import type { LinkState } from '../wire/link';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import type { DeskClient } from './client';

/** A loss shorter than this is not worth a word. */
const worthSaying = 600;
const noticeStays = 6_000;

export function NoticeBar({ client, link, ready }: { client: DeskClient; link: LinkState; ready: boolean }) {
  const say = useWords();
  const notice = useStore(client.notice);
  const [lost, setLost] = useState(false);
  const down = link !== 'open' && link !== 'idle';

  useEffect(() => {
    if (!down) {
      setLost(false);
      return;
    }
    const timer = setTimeout(() => setLost(true), worthSaying);
    return () => clearTimeout(timer);
  }, [down]);

  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => client.notice.set(null), noticeStays);
    return () => clearTimeout(timer);
  }, [notice]);

  let words = '';
  if (notice) {
    const gone = notice.code === 'not_found' || notice.code === 'conflict';
    const reason = gone ? say(notice.about === 'answer' ? 'refused.offer' : 'refused.gone') : notice.text || notice.code;
    words = notice.about === 'answer' && gone ? reason : say('refused', { text: reason });
  }
  return (
    <div class="notices" role="status">
      {lost && <p class="notice warn">{say(ready ? 'link.lost' : 'down')}</p>}
      {words && <p class="notice">{words}</p>}
    </div>
  );
}
