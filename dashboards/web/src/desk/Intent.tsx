// What a model took the customer to want, and how sure it was.
import { useWords } from '../words';
import type { ContactFacts } from './state';

/** A percentage of thousandths. */
export const percent = (thousandths: number): string => `${Math.round(thousandths / 10)}%`;

export function IntentTag({ contact }: { contact: ContactFacts }) {
  const say = useWords();
  if (!contact.intent) return null;
  return (
    <span class="tag intent-tag" title={say('intent.title')}>
      {say.code('intent', contact.intent)} <span class="intent-sure">{percent(contact.confidence)}</span>
    </span>
  );
}

export function Intent({ contact }: { contact: ContactFacts }) {
  const say = useWords();
  return (
    <section class="info-part" aria-labelledby="intent-title" data-testid="intent">
      <h3 id="intent-title">{say('intent.title')}</h3>
      <Guesses contact={contact} />
    </section>
  );
}

/** The intent that was decided by, and what else it might have been. */
export function Guesses({ contact }: { contact: Pick<ContactFacts, 'intent' | 'confidence' | 'guesses'> }) {
  const say = useWords();
  const others = contact.guesses.filter((g) => g.intent !== contact.intent);
  const best = contact.intent ? [{ intent: contact.intent, confidence: contact.confidence }] : [];
  return (
    <>
      {best.length === 0 && others.length === 0 && <p class="quiet">{say('intent.none')}</p>}
      {best.length === 0 && others.length > 0 && <Unsure names={others.slice(0, 3).map((g) => say.code('intent', g.intent))} />}
      {best.map((one) => (
        <Bar key={one.intent} name={say.code('intent', one.intent)} confidence={one.confidence} chosen />
      ))}
      {best.length > 0 && others.length > 0 && (
        <>
          <p class="quiet intent-others">{say('intent.others')}</p>
          {others.slice(0, 3).map((one) => (
            <Bar key={one.intent} name={say.code('intent', one.intent)} confidence={one.confidence} chosen={false} />
          ))}
        </>
      )}
    </>
  );
}

/** Guesses that nothing was decided by: a number would say more than is known. */
function Unsure({ names }: { names: string[] }) {
  const say = useWords();
  return (
    <>
      <p class="quiet">{say('intent.unsure')}</p>
      <ul class="row-tags" aria-label={say('intent.maybe')} data-testid="intent-unsure">
        {names.map((name) => (
          <li key={name} class="tag">
            {name}?
          </li>
        ))}
      </ul>
    </>
  );
}

function Bar({ name, confidence, chosen }: { name: string; confidence: number; chosen: boolean }) {
  const say = useWords();
  return (
    <div class="guess" data-chosen={chosen}>
      <span class="guess-name">{name}</span>
      <span class="guess-sure">{percent(confidence)}</span>
      <meter min={0} max={1000} value={confidence} aria-label={say('intent.sure', { name, n: percent(confidence) })} />
    </div>
  );
}
