// A conversation's head put together from the lists behind the boards' numbers, for a server that tells no head. Pure.
import { list, number, object, oneOf, text } from '../wire/read';
import { type Head, type HeadContact, outcomes, readHead } from './head';

/** How many rows of a list are looked through for those of the conversation. */
export const mostRows = 5_000;
/** A contact may be enqueued a moment before its first message is sent, and is wrapped up after its last one. */
const before = 5 * 60_000;
const after = 2 * 3_600_000;

/** The lists, of the time in which the conversation was. */
export function askFor(from_ms: number, to_ms: number): object[] {
  const range = { from_ms: from_ms - before, to_ms: to_ms + after, skip: 0, count: mostRows };
  const all = { queue: '', ...range };
  return [
    {
      ref: 'waits',
      name: 'contacts_of',
      params: { ...all, outcome: '', reason: '', min_wait_ms: 0, max_wait_ms: 400 * 86_400_000 },
    },
    { ref: 'talks', name: 'handled_of', params: { ...all, agent: '', state: '', initiation: '', end_reason: '', code: '' } },
    { ref: 'intents', name: 'intents_of', params: { ...range, intent: '', stage: '' } },
    { ref: 'surveys', name: 'surveys_of', params: { ...all, agent: '', min_score: 1, max_score: 5 } },
  ];
}

type Row = Record<string, unknown>;

interface Lists {
  rows: Record<string, Row[]>;
  /** A list was longer than what was looked through, or could not be had. */
  partial: boolean;
}

/** The rows of the conversation, by list. */
export function rowsOf(conversation: string, answer: Row): Lists {
  const out: Lists = { rows: {}, partial: false };
  for (const result of list(answer.results, object)) {
    const columns = list(result.columns, (c) => text(object(c).name));
    const rows = list(
      result.rows,
      (r): Row => Object.fromEntries(list(r, (cell) => cell).map((cell, i) => [columns[i] ?? '', cell])),
    );
    out.rows[text(result.ref)] = rows.filter((r) => r.conversation === conversation);
    if (result.error || result.truncated === true || rows.length >= mostRows) out.partial = true;
  }
  return out;
}

/** What things are called: of boards' own lists. */
export function namesOf(me: Row): (id: string) => string {
  const names = new Map(
    [...list(me.queues, object), ...list(me.agents, object)].map((one) => [text(one.id), text(one.name) || text(one.id)]),
  );
  return (id) => names.get(id) ?? id;
}

export function headOfRows(id: string, lists: Lists, me: Row): Head {
  const called = namesOf(me);
  const of = (name: string, contact: string) => (lists.rows[name] ?? []).filter((r) => text(r.contact) === contact);
  const ids = new Set(
    Object.values(lists.rows)
      .flat()
      .map((r) => text(r.contact)),
  );
  const contacts = [...ids].filter(Boolean).map((contact): object => {
    const waits = of('waits', contact).sort((a, b) => number(a.enqueued_ms) - number(b.enqueued_ms));
    const talk = object(of('talks', contact)[0]);
    const found = object(of('intents', contact).at(0)); // the latest stands first
    const [first, last] = [object(waits[0]), object(waits.at(-1))];
    const agent = text(talk.agent) || text(last.agent);
    const since = number(first.since_ms) || number(talk.assigned_ms) || number(found.at_ms);
    return {
      ...talk,
      id: contact,
      channel: text(talk.channel) || text(first.channel),
      state: text(talk.state) || stateOf(last),
      queue_name: called(text(talk.queue) || text(last.queue)),
      agent,
      agent_name: called(agent),
      end_reason: text(talk.end_reason) || (last.outcome === 'abandoned' ? 'abandoned' : ''),
      wrap_up_code: text(talk.code),
      intent: text(talk.intent) || text(found.intent),
      confidence: number(found.confidence),
      guesses: list(found.guesses, text).map((intent, i) => ({
        intent,
        confidence: number(list(found.guess_confidences, number)[i]),
      })),
      language: text(found.language),
      survey: number(of('surveys', contact)[0]?.score) || number(talk.survey),
      started_ms: since,
      enqueued_ms: number(first.enqueued_ms),
      ended_ms: number(talk.ended_ms) || (last.outcome === 'abandoned' ? number(last.left_ms) : 0),
      waits: waits.map((w) => ({
        ...w,
        queue_name: called(text(w.queue)),
        next_queue_name: w.next_queue ? called(text(w.next_queue)) : '',
      })),
    };
  });
  return { ...readHead({ id, contacts, intents: me.intents }), partial: lists.partial };
}

function stateOf(last: Row): HeadContact['state'] {
  const outcome = oneOf(last.outcome, outcomes, 'waiting');
  return outcome === 'waiting' ? 'queued' : outcome === 'answered' ? 'assigned' : 'ended';
}
