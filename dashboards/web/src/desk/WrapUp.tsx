import { useEffect, useRef, useState } from 'preact/hooks';
import { keep, kept } from '../wire/kept';
import { useWords } from '../words';
import type { DeskClient } from './client';
import { useNow } from './now';
import { type ContactFacts, codesOf, type DeskState } from './state';

/** Until an installation names its own. */
const usualCodes = ['resolved', 'information', 'follow_up', 'complaint', 'not_reached', 'other'];
const lastCode = 'tributary.wrap_up_code';
const longestNote = 2_000;

interface Props {
  client: DeskClient;
  desk: DeskState;
  contact: ContactFacts;
  active: boolean;
}

export function WrapUp({ client, desk, contact, active }: Props) {
  const say = useWords();
  const [code, setCode] = useState('');
  const [note, setNote] = useState(() => client.draft(contact.id, 'note'));
  const [close, setClose] = useState(false);
  const first = useRef<HTMLSelectElement>(null);
  const busy = client.asking('wrap_up', contact.id);
  const own = codesOf(desk, contact.queue);
  const all = desk.codes.length > 0 ? own : usualCodes.map((id) => ({ id, name: say.code('wrap.code', id) }));
  const usual = kept(lastCode);
  const listed = [...all].sort((a, b) => Number(b.id === usual) - Number(a.id === usual));

  useEffect(() => {
    if (active) first.current?.focus();
  }, [active]);

  const done = (event: Event) => {
    event.preventDefault();
    if (!code || busy) return;
    keep(lastCode, code);
    const words = note.trim();
    client.ask({ type: 'wrap_up', contact: contact.id, code, ...(words ? { note: words } : {}) });
    client.saveDraft(contact.id, '', 'note');
    if (close) client.ask({ type: 'close', conversation: contact.conversation });
  };
  return (
    <form class="wrap-up" onSubmit={done} data-testid="wrap-up">
      <div class="wrap-head">
        <h2>{say('wrap.title')}</h2>
        <p class="quiet">{say('wrap.lead')}</p>
        {contact.wrap_until_ms > 0 && <Left until={contact.wrap_until_ms} />}
      </div>
      <label class="field">
        <span>{say('wrap.code')}</span>
        <select
          ref={first}
          value={code}
          required
          data-testid="wrap-up-code"
          onChange={(event) => setCode(event.currentTarget.value)}
        >
          <option value="" disabled>
            {say('wrap.choose')}
          </option>
          {listed.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      <label class="field wrap-note">
        <span>{say('wrap.note')}</span>
        <textarea
          rows={1}
          value={note}
          maxLength={longestNote}
          data-testid="wrap-up-note"
          onInput={(event) => {
            setNote(event.currentTarget.value);
            client.saveDraft(contact.id, event.currentTarget.value, 'note');
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) done(event);
          }}
        />
      </label>
      <label class="check">
        <input type="checkbox" checked={close} onChange={(event) => setClose(event.currentTarget.checked)} />
        {say('wrap.close')}
      </label>
      <button type="submit" class="button primary" disabled={!code || busy} data-testid="wrap-up-done">
        {say(busy ? 'wrap.busy' : 'wrap.done')}
      </button>
    </form>
  );
}

function Left({ until }: { until: number }) {
  const say = useWords();
  const left = until - useNow(500);
  return (
    <p class="wrap-left" data-low={left < 15_000} data-testid="wrap-up-left">
      {left > 0 ? say('wrap.left', { time: say.span(left) }) : say('wrap.over')}
    </p>
  );
}
