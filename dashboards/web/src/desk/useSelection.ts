import { useEffect, useRef, useState } from 'preact/hooks';
import type { Pane } from './Desk';
import type { ContactFacts, DeskState } from './state';

interface Selection {
  selected: ContactFacts | undefined;
  select: (contact: string) => void;
}

// Which chat is open. A contact that has just come to me opens by itself unless I am in another chat; one that is done gives way
// to the next, those with unread messages first.
export function useSelection(
  desk: DeskState,
  contacts: readonly ContactFacts[],
  unreads: Readonly<Record<string, number>>,
  show: (pane: Pane) => void,
): Selection {
  const [id, select] = useState('');
  const known = useRef<Set<string> | null>(null);
  const selected = contacts.find((c) => c.id === id);

  useEffect(() => {
    if (!desk.ready) return;
    const came = known.current ? contacts.filter((c) => !known.current?.has(c.id)) : [];
    known.current = new Set(contacts.map((c) => c.id));
    const writing = document.activeElement instanceof HTMLTextAreaElement && document.activeElement.value !== '';
    const fresh = came.at(-1);
    if (fresh && !(selected && writing)) {
      select(fresh.id);
      show('talk');
    } else if (!selected && contacts.length > 0) {
      const next = contacts.find((c) => (unreads[c.id] ?? 0) > 0) ?? contacts[0];
      if (next) select(next.id);
    } else if (!selected && id) {
      select('');
      show('list');
    }
  }, [desk.ready, contacts.map((c) => c.id).join(' '), id]);

  return { selected, select };
}
