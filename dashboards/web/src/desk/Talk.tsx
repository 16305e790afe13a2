// The conversation: head, messages, and below them the answer box or the wrap-up.
import type { RefObject } from 'preact';
import { useImperativeHandle, useRef, useState } from 'preact/hooks';
import type { Shelves } from '../shell/history';
import { Back, Chat, Info } from '../shell/icons';
import type { LinkState } from '../wire/link';
import { useWords } from '../words';
import { Composer } from './Composer';
import type { DeskClient } from './client';
import type { Pane, TalkHandle } from './Desk';
import { customerName, Face } from './Left';
import { MessageLog } from './MessageLog';
import type { Outbox } from './outbox';
import type { ContactFacts, DeskState } from './state';
import { WrapUp } from './WrapUp';

interface Props {
  client: DeskClient;
  shelves: Shelves;
  desk: DeskState;
  box: Outbox;
  link: LinkState;
  contact: ContactFacts | undefined;
  handle: RefObject<TalkHandle | null>;
  show: (pane: Pane) => void;
  quiet: boolean;
}

export function Talk(props: Props) {
  const { client, contact, handle, show } = props;
  const say = useWords();
  const writing = useRef<HTMLTextAreaElement>(null);
  const [sure, setSure] = useState(false);
  const assigned = contact?.state === 'assigned';

  const end = () => {
    if (!contact || !assigned || client.asking('end', contact.id)) return;
    if (client.draft(contact.id).trim() && !sure) {
      setSure(true);
      return;
    }
    setSure(false);
    client.ask({ type: 'end', contact: contact.id });
  };
  useImperativeHandle(handle, () => ({ focus: () => writing.current?.focus(), end }));

  if (!contact) {
    return (
      <main class="column talk empty" id="talk">
        <Chat />
        <p>{say(props.quiet ? 'talk.pick.none' : 'talk.pick')}</p>
      </main>
    );
  }
  return (
    <main class="column talk" id="talk" data-testid="conversation" data-contact={contact.id} data-state={contact.state}>
      <header class="talk-head">
        <button type="button" class="button ghost icon-only phone" onClick={() => show('list')} aria-label={say('talk.back')}>
          <Back />
        </button>
        <Face customer={contact.customer} />
        <div class="talk-who">
          <h1>{customerName(say, contact.customer)}</h1>
          <p class="quiet presence" data-here={contact.connected}>
            <span class="dot" />
            {say.code('channel', contact.channel)} · {contact.queue_name}
            {!contact.connected && ` · ${say('chats.left')}`}
          </p>
        </div>
        {assigned && <Transfer {...props} contact={contact} />}
        {assigned && (
          <button
            type="button"
            class={sure ? 'button danger' : 'button'}
            onClick={end}
            onBlur={() => setSure(false)}
            disabled={client.asking('end', contact.id)}
            title={`${say('talk.end')} (Alt E)`}
            data-testid="end-contact"
          >
            {say('talk.end')}
          </button>
        )}
        <button type="button" class="button ghost icon-only narrow" onClick={() => show('info')} aria-label={say('talk.info')}>
          <Info />
        </button>
      </header>
      {sure && (
        <p class="notice warn" role="alert">
          {say('talk.end.sure')}
        </p>
      )}
      <MessageLog {...props} contact={contact} />
      {assigned ? (
        <Composer client={client} contact={contact} box={writing} />
      ) : contact.state === 'wrapping' ? (
        <WrapUp client={client} contact={contact} />
      ) : (
        <p class="notice">{say('talk.ended')}</p>
      )}
    </main>
  );
}

function Transfer({ client, desk, contact }: Props & { contact: ContactFacts }) {
  const say = useWords();
  const others = desk.queues.filter((q) => q.id !== contact.queue);
  if (others.length === 0) return null;
  return (
    <select
      class="button transfer"
      aria-label={say('talk.transfer.to')}
      value=""
      disabled={client.asking('transfer', contact.id)}
      data-testid="transfer"
      onChange={(event) => {
        const queue = event.currentTarget.value;
        if (queue) client.ask({ type: 'transfer', contact: contact.id, queue });
      }}
    >
      <option value="">{say('talk.transfer')}</option>
      {others.map((queue) => (
        <option key={queue.id} value={queue.id}>
          {queue.name}
        </option>
      ))}
    </select>
  );
}
