// What was said, masked, to be read and not to be answered. Of older pages that come in above, nothing under the eyes moves.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Bubble, type Line } from '../desk/Bubble';
import { ChannelIcon } from '../shell/icons';
import { type Say, useWords } from '../words';
import { type Chapter, chaptersOf, type HeadContact, type Said } from './head';
import type { Found } from './useConversation';

interface Props {
  found: Extract<Found, { state: 'there' }>;
  /** The contact that the reader holds, for which masks may be lifted; '' for none. */
  held: string;
  conversation: string;
  older: () => void;
}

export function Log({ found, held, conversation, older }: Props) {
  const say = useWords();
  const log = useRef<HTMLElement>(null);
  const drawn = useRef({ height: 0, first: '' });
  const contacts = found.head?.contacts ?? [];
  const line = (m: Said): Line => ({ ...lineOf(say, m, held), conversation });
  const chapters = chaptersOf(contacts, found.messages);
  const first = found.messages[0]?.id ?? '';
  useLayoutEffect(() => {
    const node = log.current;
    if (!node) return;
    if (drawn.current.first && drawn.current.first !== first) node.scrollTop += node.scrollHeight - drawn.current.height;
    drawn.current = { height: node.scrollHeight, first };
  }, [first, found.messages.length]);
  return (
    <section class="log" ref={log} aria-label={say('talk.log')} tabIndex={0} data-testid="told-log">
      <p class="log-top">
        {found.older === 'failed' && <span class="quiet">{say('talk.failed')}</span>}
        {found.older === 'loading' && <span class="quiet">{say('talk.loading')}</span>}
        {found.more && found.older !== 'loading' && (
          <button type="button" class="button ghost small" onClick={older} data-testid="told-older">
            {say(found.older === 'failed' ? 'talk.again' : 'talk.older')}
          </button>
        )}
        {!found.more && <span class="quiet">{say('talk.begin')}</span>}
      </p>
      {found.messages.length === 0 && <p class="quiet log-top">{say('told.silent')}</p>}
      {chapters.map((chapter) => (
        <div class="chapter" key={chapter.key}>
          {chapter.contact && <Head chapter={chapter} contact={chapter.contact} n={contacts.indexOf(chapter.contact) + 1} />}
          <ol>
            {chapter.messages.map((m, i) => {
              const before = chapter.messages[i - 1];
              return <Bubble key={m.id} line={line(m)} before={before && line(before)} />;
            })}
          </ol>
        </div>
      ))}
    </section>
  );
}

function Head({ contact, n }: { chapter: Chapter; contact: HeadContact; n: number }) {
  const say = useWords();
  return (
    <h2 class="chapter-head" data-testid="chapter" data-channel={contact.channel}>
      <ChannelIcon channel={contact.channel} />
      <span>{say('told.contact.n', { n })}</span>
      <span class="quiet">
        {[
          contact.initiation && contact.initiation !== 'inbound' && say.code('initiation', contact.initiation),
          contact.queue_name,
          contact.agent_name,
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </h2>
  );
}

function lineOf(say: Say, m: Said, held: string): Line {
  const name =
    m.author === 'agent' ? m.agent_name || say('author.agent') : m.author === 'customer' ? '' : say.code('author', m.author);
  return {
    key: m.id,
    id: m.id,
    mine: m.author === 'agent',
    by: m.author,
    name,
    voice: name,
    text: m.text,
    at: m.sent_ms,
    state: m.author === 'customer' ? '' : m.state,
    attachments: m.attachments,
    internal: m.internal,
    kind: m.kind,
    unmask: m.masked ? held : '',
  };
}
