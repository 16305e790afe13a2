import { useEffect, useState } from 'preact/hooks';
import { whyNot } from '../shell/refusal';
import type { LinkState } from '../wire/link';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import type { DeskClient } from './client';

/** A loss shorter than this is not worth a word. */
const worthSaying = 600;
const noticeStays = 6_000;
/** What somebody wrote and must write again stays until it can be copied. */
const unsentStays = 60_000;

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
    const timer = setTimeout(() => client.notice.set(null), notice.unsent ? unsentStays : noticeStays);
    return () => clearTimeout(timer);
  }, [notice]);

  let words = '';
  if (notice) {
    const gone = notice.about === 'answer' && (notice.code === 'not_found' || notice.code === 'conflict');
    const reason = gone ? say('refused.offer') : whyNot(say, notice);
    words = gone ? reason : say('refused', { text: reason });
    if (notice.unsent) words = say('refused.unsent', { text: reason, unsent: notice.unsent });
  }
  return (
    <div class="notices" role="status">
      {lost && <p class="notice warn">{say(ready ? 'link.lost' : 'down')}</p>}
      {words && <p class="notice">{words}</p>}
    </div>
  );
}
