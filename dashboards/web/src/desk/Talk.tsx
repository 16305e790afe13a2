// One column of the desk, a conversation: head, messages, and below them the answer box or the wrap-up.
import type { RefObject } from 'preact';
import { useImperativeHandle, useRef, useState } from 'preact/hooks';
import { Back, ChannelIcon, Chat, Info, Swap } from '../shell/icons';
import type { LinkState } from '../wire/link';
import { useWords } from '../words';
import { Composer, type ComposerHandle } from './Composer';
import type { DeskClient } from './client';
import { customerName, Face } from './Face';
import { IntentTag } from './Intent';
import { MessageLog } from './MessageLog';
import type { Outbox } from './outbox';
import type { Pane } from './places';
import { type ContactFacts, type DeskState, nameOf } from './state';
import { Transfer } from './Transfer';
import { WrapUp } from './WrapUp';

/** What the rest of the desk may ask of the conversation. */
export interface TalkHandle {
  focus(): void;
  note(): void;
  replies(): void;
  attach(): void;
  transfer(): void;
  end(): void;
}

interface Props {
  client: DeskClient;
  desk: DeskState;
  box: Outbox;
  link: LinkState;
  contact: ContactFacts | undefined;
  /** Whether this column has the keyboard, and whether there are others. */
  active: boolean;
  alone: boolean;
  focus: () => void;
  handle: RefObject<TalkHandle | null>;
  show: (pane: Pane) => void;
  quiet: boolean;
}

export function Talk(props: Props) {
  const say = useWords();
  const { contact, active, alone, focus } = props;
  if (!contact) {
    return (
      <section class="talk empty" data-active={active} aria-label={say('talk.empty')}>
        <Chat />
        <p>{say(props.quiet ? 'talk.pick.none' : 'talk.pick')}</p>
      </section>
    );
  }
  return (
    <section
      class="talk"
      data-testid="conversation"
      data-contact={contact.id}
      data-state={contact.state}
      data-active={active && !alone}
      aria-label={customerName(say, contact.customer, nameOf(props.desk, contact))}
      onFocusIn={focus}
      onPointerDown={focus}
    >
      <Open {...props} contact={contact} />
    </section>
  );
}

function Open(props: Props & { contact: ContactFacts }) {
  const { client, desk, contact, handle, show, active } = props;
  const say = useWords();
  const writing = useRef<ComposerHandle>(null);
  const [sure, setSure] = useState(false);
  const [moving, setMoving] = useState(false);
  const assigned = contact.state === 'assigned';

  const end = () => {
    if (!assigned || client.asking('end', contact.id)) return;
    if (client.draft(contact.id).trim() && !sure) {
      setSure(true);
      return;
    }
    setSure(false);
    client.ask({ type: 'end', contact: contact.id });
  };
  const transfer = () => assigned && setMoving(true);
  useImperativeHandle(
    active ? handle : null,
    (): TalkHandle => ({
      focus: () => writing.current?.focus(),
      note: () => writing.current?.note(),
      replies: () => writing.current?.replies(),
      attach: () => writing.current?.attach(),
      transfer,
      end,
    }),
  );
  return (
    <>
      <header class="talk-head">
        <button type="button" class="button ghost icon-only phone" onClick={() => show('list')} aria-label={say('talk.back')}>
          <Back />
        </button>
        <Face customer={contact.customer} />
        <div class="talk-who">
          <h2>{customerName(say, contact.customer, nameOf(desk, contact))}</h2>
          <p class="quiet presence" data-here={contact.connected}>
            <span class="dot" />
            <ChannelIcon channel={contact.channel} />
            <span class="hidden">{say.code('channel', contact.channel)}</span> {contact.queue_name}
            {!contact.connected && ` · ${say('chats.left')}`}
          </p>
        </div>
        <IntentTag contact={contact} />
        {assigned && (
          <button
            type="button"
            class="button icon-only"
            onClick={transfer}
            disabled={client.asking('transfer', contact.id)}
            title={`${say('talk.transfer')} (Alt T)`}
            aria-label={say('talk.transfer')}
            data-testid="transfer"
          >
            <Swap />
          </button>
        )}
        {assigned && (
          <button
            type="button"
            class={sure ? 'button danger' : 'button'}
            onClick={end}
            onBlur={() => setSure(false)}
            disabled={client.asking('end', contact.id)}
            title={`${say('talk.end')} (Alt Q)`}
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
        <Composer client={client} desk={desk} contact={contact} active={active} handle={writing} />
      ) : contact.state === 'wrapping' ? (
        <WrapUp client={client} desk={desk} contact={contact} active={active} />
      ) : (
        <p class="notice">{say('talk.ended')}</p>
      )}
      {moving && <Transfer client={client} desk={desk} contact={contact} close={() => setMoving(false)} />}
    </>
  );
}
