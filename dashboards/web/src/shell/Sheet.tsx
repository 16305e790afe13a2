// A dialog over the page: takes the keyboard, goes by Escape, and gives the keyboard back.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useWords } from '../words';
import { Cross } from './icons';
import { useModal } from './modal';

interface Props {
  title: string;
  close: () => void;
  children: ComponentChildren;
  testid?: string;
  wide?: boolean;
}

let sheets = 0;

export function Sheet({ title, close, children, testid, wide = false }: Props) {
  const say = useWords();
  const dialog = useModal();
  const id = useRef('');
  id.current ||= `sheet-${++sheets}`;
  return (
    <dialog ref={dialog} class={wide ? 'sheet wide' : 'sheet'} onClose={close} aria-labelledby={id.current} data-testid={testid}>
      <header class="sheet-head">
        <h2 id={id.current}>{title}</h2>
        <button
          type="button"
          class="button ghost icon-only small"
          onClick={() => dialog.current?.close()}
          aria-label={say('close')}
        >
          <Cross />
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Asks once more before something that cannot be taken back; the safe answer has the keyboard. */
export function Sure({
  title,
  lead,
  go,
  act,
  close,
}: {
  title: string;
  lead: string;
  go: string;
  act: () => void;
  close: () => void;
}) {
  const say = useWords();
  return (
    <Sheet title={title} close={close} testid="sure">
      <p>{lead}</p>
      <div class="sheet-foot">
        <button type="button" class="button" onClick={close}>
          {say('cancel')}
        </button>
        <button
          type="button"
          class="button danger"
          data-testid="sure-yes"
          onClick={() => {
            act();
            close();
          }}
        >
          {go}
        </button>
      </div>
    </Sheet>
  );
}
