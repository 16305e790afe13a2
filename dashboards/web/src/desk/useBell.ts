import { useEffect, useRef } from 'preact/hooks';
import type { Offer } from '../wire/frames';
import { wordsNow } from '../words';
import type { DeskClient } from './client';
import { armSound, notify, ring, tick } from './ring';

// Rings while an offer waits for an answer, and says so in the title of the page.
export function useBell(client: DeskClient, offers: readonly Offer[], unread: number): void {
  const open = offers.filter((o) => !client.asking('answer', o.id));
  const ringsFor = open.map((o) => o.id).join(' ');

  useEffect(armSound, []);

  useEffect(() => {
    const offer = open[0];
    if (!offer) return;
    const stopRing = ring();
    const stopNote = notify(wordsNow()('offer.notice', { queue: offer.queue_name }), offer.id);
    return () => {
      stopRing();
      stopNote();
    };
  }, [ringsFor]);

  const offer = open[0];
  const title = offer
    ? `● ${wordsNow()('offer.title')} · ${offer.queue_name}`
    : unread > 0
      ? `(${unread}) Tributary`
      : 'Tributary';
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = 'Tributary';
    };
  }, [title]);
}

// Ticks, and notifies, for a new message out of sight.
export function useSound(count: number, elsewhere: boolean): void {
  const before = useRef(count);
  useEffect(() => {
    const more = count > before.current;
    before.current = count;
    if (!more || !(document.hidden || elsewhere)) return;
    tick();
    if (document.hidden) return notify(wordsNow()('chats.notice', { n: count }), 'messages');
  }, [count]);
}
