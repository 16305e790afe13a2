import { useEffect, useRef, useState } from 'preact/hooks';
import { keep, kept } from '../wire/kept';
import { arrive, current, mostColumns, nextColumn, onePlace, type Pane, type Places, pick, refill, resize } from './places';
import type { ContactFacts, DeskState } from './state';

const columnsName = 'tributary.columns';

/** How many columns have room. */
function useRoom(): number {
  const measure = () => (innerWidth >= 1600 ? 3 : innerWidth >= 1240 ? 2 : 1);
  const [room, setRoom] = useState(measure);
  useEffect(() => {
    const sized = () => setRoom(measure());
    addEventListener('resize', sized);
    return () => removeEventListener('resize', sized);
  }, []);
  return room;
}

export interface Chosen {
  places: Places;
  room: number;
  columns: number;
  choose: (contact: string) => void;
  focus: (column: number) => void;
  setColumns: (columns: number) => void;
  /** One column more, or one alone again. */
  turnColumns: () => void;
  next: () => void;
}

// A contact that has just come to me opens by itself unless I write in another chat and no column is free; one that is done
// gives way to the next, those with unread messages first.
export function usePlaces(
  desk: DeskState,
  contacts: readonly ContactFacts[],
  unreads: Readonly<Record<string, number>>,
  show: (pane: Pane) => void,
): Chosen {
  const room = useRoom();
  const [wanted, setWanted] = useState(() => Math.min(mostColumns, Math.max(1, Number(kept(columnsName)) || 1)));
  const columns = Math.min(room, wanted);
  const [places, setPlaces] = useState(onePlace);
  const known = useRef<Set<string> | null>(null);
  const live = contacts.map((c) => c.id);

  useEffect(() => setPlaces((had) => resize(had, columns)), [columns]);
  const came = useRef<Set<string>>(new Set());
  useEffect(() => {
    if (!desk.ready) return;
    const fresh = known.current ? live.filter((id) => !known.current?.has(id)) : [];
    known.current = new Set(live);
    for (const id of fresh) came.current.add(id);
    const box = document.activeElement;
    const writing = box instanceof HTMLTextAreaElement && box.value !== '';
    const byNeed = [...live].sort((a, b) => Number((unreads[b] ?? 0) > 0) - Number((unreads[a] ?? 0) > 0));
    setPlaces((had) => {
      let next = refill(had, live, fresh.length > 0 ? [] : byNeed);
      for (const id of fresh) next = arrive(next, id, writing && current(had) !== '');
      return refill(next, live, byNeed);
    });
  }, [desk.ready, live.join(' '), places.open.join(' ')]);

  const here = current(places);
  const before = useRef('');
  useEffect(() => {
    if (here && came.current.delete(here)) show('talk');
    else if (!here && before.current) show('list');
    before.current = here;
  }, [here]);

  return {
    places,
    room,
    columns,
    choose: (contact) => setPlaces((had) => pick(had, contact)),
    focus: (at) => setPlaces((had) => (had.at === at ? had : { ...had, at })),
    turnColumns: () =>
      setWanted((was) => {
        const n = (Math.min(room, was) % room) + 1;
        keep(columnsName, String(n));
        return n;
      }),
    setColumns: (n) => {
      keep(columnsName, String(n));
      setWanted(n);
    },
    next: () => setPlaces(nextColumn),
  };
}
