// One decision: the offer that came of it, and who was looked at.
import type { Offer, Why } from '../wire/frames';
import { useWords } from '../words';

export function DecisionHead({ offer, at }: { offer: Offer; at: string }) {
  const say = useWords();
  return (
    <p class="decision-head">
      <span>
        {at} · {say.clock(offer.offered_ms)}
      </span>
      <span class="tag">
        {say.code('offerstate', offer.state)}
        {offer.state === 'rescinded' && offer.reason && ` · ${say.code('rescind', offer.reason)}`}
      </span>
    </p>
  );
}

export function Candidates({ why, name }: { why: readonly Why[]; name: (one: Why) => string }) {
  const say = useWords();
  const sorted = [...why].sort(
    (a, b) => Number(b.chosen) - Number(a.chosen) || b.score - a.score || (a.agent < b.agent ? -1 : 1),
  );
  return (
    <ul class="candidates">
      {sorted.map((one) => (
        <li key={one.agent} data-chosen={one.chosen}>
          <span class="decision-agent">{name(one)}</span>
          <span class="decision-reason">{say.code('reason', one.reason)}</span>
          {one.score > 0 && <span class="decision-score">{say('info.why.idle', { time: say.span(one.score) })}</span>}
        </li>
      ))}
    </ul>
  );
}
