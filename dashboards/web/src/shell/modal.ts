// Dialogs that take the whole page. A browser lets nobody click beside the newest one: what must stay in reach moves into it.
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { createStore } from '../wire/store';

const open = createStore<readonly HTMLDialogElement[]>([]);

const movedIn = () => document.activeElement?.closest('.offers') && document.activeElement;

/** A dialog that opens with its page, and gives the keyboard back. */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const node = dialog.current;
    const before = document.activeElement;
    if (!node) return;
    node.showModal();
    open.set((all) => [...all, node]);
    // Whoever is about to answer what was moved into the dialog keeps the keyboard there. By Escape a browser takes it away first.
    let answering = movedIn();
    node.addEventListener('cancel', () => {
      answering = movedIn();
    });
    return () => {
      const to = movedIn() ?? answering ?? before;
      open.set((all) => all.filter((one) => one !== node));
      if (to instanceof HTMLElement) to.focus();
    };
  }, []);
  return dialog;
}

/** Keeps a node in reach: in the newest dialog, or at the end of the page. The focus in it stays where it is. */
export function stayInReach(node: HTMLElement): () => void {
  const place = () => {
    const to = open.get().at(-1) ?? document.body;
    if (node.parentNode === to) return;
    const focus = document.activeElement;
    to.append(node);
    if (focus instanceof HTMLElement && node.contains(focus)) focus.focus();
  };
  place();
  const stop = open.watch(place);
  return () => {
    stop();
    node.remove();
  };
}
