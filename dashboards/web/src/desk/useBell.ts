import { useEffect, useRef } from 'preact/hooks';
import type { Offer } from '../wire/frames';
import { wordsNow } from '../words';
import type { DeskClient } from './client';
import { armSound, notify, ring, tick } from './ring';
import type { ContactFacts } from './state';

// Rings while an offer waits for an answer, ticks for a new message out of sight, and says both in the title of the page.
export function useBell(
  client: DeskClient,
  offers: readonly Offer[],
  contacts: readonly ContactFacts[],
  unreads: Readonly<Record<string, number>>,
  selected: string,
): void {
  const open = offers.filter((o) => !client.asking('answer', o.id));
  const ringsFor = open.map((o) => o.id).join(' ');
  const count = contacts.reduce((sum, c) => sum + (unreads[c.id] ?? 0), 0);
  const before = useRef(count);

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

  useEffect(() => {
    if (count > before.current && (document.hidden || contacts.some((c) => c.id !== selected && (unreads[c.id] ?? 0) > 0)))
      tick();
    before.current = count;
  }, [count]);

  const offer = open[0];
  const title = offer ? `● ${wordsNow()('offer.title')} · ${offer.queue_name}` : count > 0 ? `(${count}) Tributary` : 'Tributary';
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = 'Tributary';
    };
  }, [title]);
}
