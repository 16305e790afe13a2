// Whose conversation it is, as far as people and the site said so, and the customer's other ones.
import { useState } from 'preact/hooks';
import { ProfileView } from '../desk/Profile';
import { Shown } from '../desk/Shown';
import type { Fetched, Shelf } from '../shell/history';
import type { PastConversation } from '../shell/http';
import type { Profile } from '../wire/frames';
import { type Store, useStore } from '../wire/store';
import { useWords } from '../words';
import { addressOf } from './head';

interface Props {
  customer: string;
  conversation: string;
  profile: Store<Fetched<Profile>>;
  conversations: Shelf<PastConversation[]>;
}

export function Who({ customer, conversation, profile, conversations }: Props) {
  const say = useWords();
  const [open, setOpen] = useState(false);
  const who = useStore(profile);
  return (
    <section class="info-part" aria-labelledby="who-title" data-testid="told-who">
      <h2 id="who-title">{say('profile.title')}</h2>
      {who.state === 'there' && <ProfileView facts={who.value} />}
      {who.state === 'loading' && <p class="quiet">{say('talk.loading')}</p>}
      {(who.state === 'late' || who.state === 'failed') && <p class="quiet">{say('profile.late')}</p>}
      <details class="past" onToggle={(event) => setOpen(event.currentTarget.open)} data-testid="told-others">
        <summary>{say('told.others')}</summary>
        {open && <Others customer={customer} conversation={conversation} conversations={conversations} />}
      </details>
    </section>
  );
}

function Others({ customer, conversation, conversations }: Omit<Props, 'profile'>) {
  const say = useWords();
  const fetched = useStore(conversations.get(customer));
  const others: Fetched<PastConversation[]> =
    fetched.state === 'there' ? { state: 'there', value: fetched.value.filter((c) => c.id !== conversation) } : fetched;
  return (
    <div class="past-log">
      <Shown fetched={others} late="info.before.late" none="told.others.none">
        {(list) => (
          <ul>
            {list.map((one) => (
              <li key={one.id}>
                <a href={addressOf(one.id)}>{say.day(one.opened_ms)}</a>{' '}
                <span class="quiet">
                  {[
                    ...one.channels.map((channel) => say.code('channel', channel)),
                    one.messages > 0 && say('info.before.messages', { n: one.messages }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </div>
  );
}
