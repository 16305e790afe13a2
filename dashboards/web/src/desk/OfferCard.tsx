import type { Offer } from '../wire/frames';
import { useWords } from '../words';
import type { DeskClient } from './client';
import { customerName, Face } from './Face';
import { percent } from './Intent';
import { useNow } from './now';
import type { Outbox } from './outbox';
import type { DeskState } from './state';

interface Props {
  offer: Offer;
  client: DeskClient;
  desk: DeskState;
  box: Outbox;
}

// The card goes when the server says so, not when our clock does; the countdown is only what we know of it.
export function OfferCard({ offer, client, desk }: Props) {
  const say = useWords();
  const now = useNow(200);
  const whole = Math.max(1_000, offer.expires_ms - offer.offered_ms);
  const left = Math.min(whole, Math.max(0, offer.expires_ms - now));
  const answering = client.asking('answer', offer.id);
  const contact = desk.contacts[offer.contact];
  const waited = contact && contact.enqueued_ms > 0 ? say('offer.waited', { time: say.span(now - contact.enqueued_ms) }) : '';
  const answer = (accept: boolean) => client.ask({ type: 'answer', offer: offer.id, accept });
  return (
    <section class="offer" aria-labelledby={`offer-${offer.id}`} data-testid="offer-card" data-offer={offer.id}>
      <div class="offer-head">
        <Face customer={offer.customer} />
        <div>
          <h2 id={`offer-${offer.id}`}>{say('offer.title')}</h2>
          <p>
            {say.code('channel', offer.channel)} · <strong>{offer.queue_name}</strong>
          </p>
          <p class="quiet">
            {customerName(say, offer.customer, desk.profiles[offer.customer]?.name || offer.customer_name)}
            {waited && <span aria-hidden="true"> · {waited}</span>}
          </p>
        </div>
        <p class="countdown" data-low={left < 6_000} aria-hidden="true">
          {left > 0 ? say('offer.seconds', { n: Math.ceil(left / 1000) }) : say('offer.late')}
        </p>
      </div>
      {(offer.intent || offer.tier || offer.language) && (
        <p class="offer-tags">
          {offer.intent && (
            <span class="tag">
              {say.code('intent', offer.intent)} {percent(offer.confidence)}
            </span>
          )}
          {offer.language && <span class="tag">{say.code('lang', offer.language)}</span>}
          {offer.tier && <span class="tag">{say.code('tier', offer.tier)}</span>}
        </p>
      )}
      <progress max={whole} value={left} aria-hidden="true" />
      <div class="offer-answers">
        <button type="button" class="button" disabled={answering} onClick={() => answer(false)} data-testid="offer-decline">
          {say('offer.decline')} <kbd>Alt X</kbd>
        </button>
        <button type="button" class="button primary" disabled={answering} onClick={() => answer(true)} data-testid="offer-accept">
          {say(answering ? 'offer.answering' : 'offer.accept')} {!answering && <kbd>Alt A</kbd>}
        </button>
      </div>
    </section>
  );
}
