import { useEffect, useRef, useState } from 'preact/hooks';
import { keep, kept } from '../wire/kept';
import { useWords } from '../words';
import type { DeskClient } from './client';
import type { ContactFacts } from './state';

/** Until an installation names its own. */
const codes = ['resolved', 'information', 'follow_up', 'complaint', 'not_reached', 'other'];
const lastCode = 'tributary.wrap_up_code';

export function WrapUp({ client, contact }: { client: DeskClient; contact: ContactFacts }) {
  const say = useWords();
  const [code, setCode] = useState('');
  const [close, setClose] = useState(false);
  const first = useRef<HTMLSelectElement>(null);
  const busy = client.asking('wrap_up', contact.id);
  const usual = kept(lastCode);
  const listed = codes.includes(usual) ? [usual, ...codes.filter((c) => c !== usual)] : codes;

  useEffect(() => first.current?.focus(), []);

  const done = (event: Event) => {
    event.preventDefault();
    if (!code || busy) return;
    keep(lastCode, code);
    client.ask({ type: 'wrap_up', contact: contact.id, code });
    if (close) client.ask({ type: 'close', conversation: contact.conversation });
  };
  return (
    <form class="wrap-up" onSubmit={done} data-testid="wrap-up">
      <div>
        <h2>{say('wrap.title')}</h2>
        <p class="quiet">{say('wrap.lead')}</p>
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
            <option key={one} value={one}>
              {say.code('wrap.code', one)}
            </option>
          ))}
        </select>
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
