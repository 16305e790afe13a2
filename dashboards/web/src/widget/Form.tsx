import { useEffect, useRef, useState } from 'preact/hooks';
import { useStore } from '../wire/store';
import { answersOf, faultOfAnswer, labelOf } from './answers';
import { type ChatClient, longest } from './client';
import type { Question } from './door';
import type { ChatWord, ChatWords } from './words';

interface Props {
  client: ChatClient;
  words: ChatWords;
  lang: string;
}

/** What is asked before a chat, with the first message; outside of hours it is a message that is left. */
export function Form({ client, words, lang }: Props) {
  const door = useStore(client.door);
  const chat = useStore(client.chat);
  const [answers, setAnswers] = useState<Record<string, string>>({ ...client.answers });
  const [message, setMessage] = useState(client.refused?.text ?? '');
  const [faults, setFaults] = useState<Record<string, ChatWord | ''>>({});
  const form = useRef<HTMLFormElement>(null);
  const first = door.form[0]?.name;
  useEffect(() => form.current?.querySelector<HTMLElement>('input, select, textarea')?.focus(), [first]);
  const wrong = Object.keys(chat.wrong)[0];
  useEffect(() => {
    if (wrong) form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(wrong)}"]`)?.focus();
  }, [wrong]);

  const submit = () => {
    const found: Record<string, ChatWord | ''> = {};
    for (const q of door.form) found[q.name] = faultOfAnswer(q, answers[q.name] ?? '');
    found['.message'] = message.trim() ? '' : 'needed';
    setFaults(found);
    const bad = [...door.form.map((q) => q.name), '.message'].find((name) => found[name]);
    if (bad) {
      form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(bad)}"]`)?.focus();
      return;
    }
    client.refused = null;
    client.send(message, { form: answersOf(door.form, answers), ...(!door.open && { left: true }) });
  };
  const said = (name: string): ChatWord | '' => faults[name] || (name in chat.wrong ? 'notTaken' : '');
  const set = (name: string, value: string) => {
    setAnswers((now) => ({ ...now, [name]: value }));
    if (faults[name]) setFaults((now) => ({ ...now, [name]: '' }));
  };
  return (
    <form
      ref={form}
      class="ask-form"
      noValidate
      aria-labelledby="tw-form-title"
      data-testid="tw-form"
      data-open={door.open}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <h3 id="tw-form-title">{door.open ? words.begin : shutWords(words, door.opens, lang)}</h3>
      {!door.open && <p class="quiet">{words.leave}</p>}
      {'' in chat.wrong && (
        <p class="bad" role="alert">
          {words.askedAnew}
        </p>
      )}
      {door.form.map((q) => (
        <Ask key={q.name} question={q} words={words} value={answers[q.name] ?? ''} fault={said(q.name)} set={set} />
      ))}
      <label class="field">
        <span>{words.label}</span>
        <textarea
          name=".message"
          rows={3}
          maxLength={longest}
          value={message}
          aria-required="true"
          aria-invalid={faults['.message'] ? 'true' : undefined}
          aria-describedby={faults['.message'] ? 'tw-fault-message' : undefined}
          onInput={(event) => {
            setMessage(event.currentTarget.value);
            setFaults((now) => ({ ...now, '.message': '' }));
          }}
          data-testid="tw-form-message"
        />
        {faults['.message'] && (
          <span class="bad" id="tw-fault-message" role="alert">
            {words.needed}
          </span>
        )}
      </label>
      <button type="submit" class="wide" data-testid="tw-form-go">
        {door.open ? words.start : words.leaveGo}
      </button>
    </form>
  );
}

interface AskProps {
  question: Question;
  words: ChatWords;
  value: string;
  fault: ChatWord | '';
  set(name: string, value: string): void;
}

const completions = { text: 'off', email: 'email', phone: 'tel', choice: 'off', name: 'name' } as const;
// The types of the elements want one type each, not one of several.
const inputTypes = {
  text: { type: 'text' },
  email: { type: 'email' },
  phone: { type: 'tel' },
  choice: { type: 'text' },
} as unknown as Record<Question['kind'], { type: 'text' }>;

function Ask({ question: q, words, value, fault, set }: AskProps) {
  const id = `tw-fault-${q.name}`;
  const shared = {
    id: `tw-ask-${q.name}`,
    name: q.name,
    ...(q.required && { 'aria-required': 'true' as const }),
    ...(fault && { 'aria-invalid': 'true' as const, 'aria-describedby': id }),
  };
  return (
    <div class="field">
      <label for={`tw-ask-${q.name}`}>
        {labelOf(q, words)} {!q.required && <small>({words.optional})</small>}
      </label>
      {q.kind === 'choice' ? (
        <select {...shared} value={value} onChange={(event) => set(q.name, event.currentTarget.value)}>
          <option value="">{words.choose}</option>
          {q.choices.map((c) => (
            <option key={c} value={c}>
              {c}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          value={value}
          {...inputTypes[q.kind]}
          maxLength={500}
          autocomplete={completions[q.kind === 'text' && q.name === 'name' ? 'name' : q.kind]}
          onInput={(event) => set(q.name, event.currentTarget.value)}
        />
      )}
      {fault && (
        <span class="bad" id={id} role="alert">
          {words[fault]}
        </span>
      )}
    </div>
  );
}

/** When somebody serves again, in the customer's own time. */
export function shutWords(words: ChatWords, opens: number, lang: string): string {
  if (!opens) return words.shut;
  const own = navigator.languages.find((l) => l.slice(0, 2) === lang.slice(0, 2)) ?? lang;
  const when = new Intl.DateTimeFormat(own, {
    weekday: 'long',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return words.shutUntil.replace('{when}', when.format(opens));
}
