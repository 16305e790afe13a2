// What can be set up, as forms draw it: the one place that names the keys of the file. A key that is not here is kept as it is.
import type { Word } from '../words';

export type Item = Record<string, unknown>;

export type FieldKind =
  | { kind: 'text'; long?: boolean }
  | { kind: 'code' }
  | { kind: 'number'; min?: number; max?: number }
  /** Such as 20s, 2m, 24h. */
  | { kind: 'duration' }
  | { kind: 'flag' }
  | { kind: 'choice'; of: readonly string[]; family?: string }
  | { kind: 'one'; of: KindId }
  | { kind: 'many'; of: KindId }
  /** Free words with commas between. */
  | { kind: 'words' }
  /** Days of the week, 1 for Monday. */
  | { kind: 'days' }
  /** A number for each of some codes. */
  | { kind: 'numbers'; of: readonly string[]; family: string; min: number; max: number }
  | { kind: 'rows'; of: readonly Field[] };

export type Field = FieldKind & { name: string; word: Word; required?: boolean; hint?: Word };

export type KindId =
  | 'agents'
  | 'teams'
  | 'queues'
  | 'skills'
  | 'hours'
  | 'wrap_up_codes'
  | 'status_reasons'
  | 'quick_replies'
  | 'entry_points'
  | 'policy'
  | 'settings';

export interface Kind {
  id: KindId;
  word: Word;
  /** A single thing, such as the policy, not a list. */
  single?: boolean;
  /** Which fields a table shows beside the id. */
  columns: readonly string[];
  fields: readonly Field[];
}

const id: Field = { kind: 'code', name: 'id', word: 'set.id', required: true };
const name: Field = { kind: 'text', name: 'name', word: 'set.name' };
const named = (kind: KindId, word: Word): Kind => ({ id: kind, word, columns: ['name'], fields: [id, name] });
const channels = ['webchat', 'voice', 'email', 'sms', 'wechat', 'wecom', 'douyin', 'whatsapp', 'telegram', 'app'];
const languages = ['zh', 'en'];

export const kinds: readonly Kind[] = [
  {
    id: 'agents',
    word: 'set.agents',
    columns: ['name', 'team', 'queues', 'skills'],
    fields: [
      id,
      name,
      { kind: 'one', name: 'team', word: 'set.team', of: 'teams' },
      { kind: 'many', name: 'queues', word: 'set.queues', of: 'queues' },
      {
        kind: 'rows',
        name: 'skills',
        word: 'set.skills',
        of: [
          { kind: 'one', name: 'skill', word: 'set.skill', of: 'skills', required: true },
          { kind: 'number', name: 'level', word: 'set.level', min: 1, max: 5, required: true },
        ],
      },
      { kind: 'number', name: 'chat_capacity', word: 'set.capacity', min: 0, max: 50 },
      { kind: 'numbers', name: 'capacities', word: 'set.capacities', of: channels, family: 'channel', min: 0, max: 50 },
    ],
  },
  named('teams', 'set.teams'),
  {
    id: 'queues',
    word: 'set.queues',
    columns: ['name', 'target', 'priority', 'hours', 'overflow'],
    fields: [
      id,
      name,
      { kind: 'duration', name: 'target', word: 'set.target' },
      { kind: 'number', name: 'target_percent', word: 'set.target_percent', min: 0, max: 100 },
      { kind: 'number', name: 'priority', word: 'floor.priority', min: -100, max: 100 },
      { kind: 'duration', name: 'offer_timeout', word: 'set.offer_timeout' },
      { kind: 'duration', name: 'wrap_up', word: 'set.wrap_up' },
      { kind: 'duration', name: 'grace', word: 'set.grace' },
      { kind: 'one', name: 'hours', word: 'set.hours', of: 'hours' },
      { kind: 'number', name: 'max_waiting', word: 'set.max_waiting', min: 0 },
      { kind: 'duration', name: 'max_wait', word: 'set.max_wait' },
      { kind: 'one', name: 'overflow', word: 'set.overflow', of: 'queues' },
      { kind: 'duration', name: 'short_abandon', word: 'set.short_abandon' },
      { kind: 'flag', name: 'practice', word: 'set.practice', hint: 'set.practice.hint' },
    ],
  },
  named('skills', 'set.skills'),
  {
    id: 'hours',
    word: 'set.hours',
    columns: ['name', 'zone'],
    fields: [
      id,
      name,
      { kind: 'code', name: 'zone', word: 'set.zone', required: true },
      {
        kind: 'rows',
        name: 'open',
        word: 'set.open',
        of: [
          { kind: 'days', name: 'days', word: 'set.days', required: true },
          { kind: 'code', name: 'from', word: 'set.from', required: true },
          { kind: 'code', name: 'to', word: 'set.to', required: true },
        ],
      },
      {
        kind: 'rows',
        name: 'holidays',
        word: 'set.holidays',
        of: [
          { kind: 'code', name: 'day', word: 'set.day', required: true },
          { kind: 'code', name: 'from', word: 'set.from' },
          { kind: 'code', name: 'to', word: 'set.to' },
        ],
      },
    ],
  },
  {
    id: 'wrap_up_codes',
    word: 'set.codes',
    columns: ['name', 'queues'],
    fields: [id, name, { kind: 'many', name: 'queues', word: 'set.queues.all', of: 'queues' }],
  },
  {
    id: 'status_reasons',
    word: 'set.reasons',
    columns: ['name', 'productive'],
    fields: [id, name, { kind: 'flag', name: 'productive', word: 'set.productive' }],
  },
  {
    id: 'quick_replies',
    word: 'replies.title',
    columns: ['title', 'language', 'text'],
    fields: [
      id,
      { kind: 'text', name: 'title', word: 'set.title', required: true },
      { kind: 'text', name: 'text', word: 'set.text', long: true, required: true },
      { kind: 'choice', name: 'language', word: 'profile.language', of: languages, family: 'lang' },
      { kind: 'one', name: 'team', word: 'set.team.all', of: 'teams' },
    ],
  },
  {
    id: 'entry_points',
    word: 'set.entries',
    columns: ['channel', 'queue', 'language'],
    fields: [
      id,
      { kind: 'choice', name: 'channel', word: 'info.channel', of: channels, family: 'channel', required: true },
      { kind: 'one', name: 'queue', word: 'info.queue', of: 'queues', required: true },
      { kind: 'words', name: 'origins', word: 'set.origins' },
      { kind: 'text', name: 'greeting', word: 'set.greeting', long: true },
      { kind: 'choice', name: 'language', word: 'profile.language', of: languages, family: 'lang' },
      { kind: 'code', name: 'intent_model', word: 'set.intent_model' },
      { kind: 'duration', name: 'intent_deadline', word: 'set.intent_deadline' },
      { kind: 'flag', name: 'survey', word: 'set.survey' },
      {
        kind: 'rows',
        name: 'form',
        word: 'set.form',
        of: [
          { kind: 'code', name: 'name', word: 'set.id', required: true },
          { kind: 'text', name: 'label', word: 'set.label', required: true },
          { kind: 'choice', name: 'kind', word: 'set.kind', of: ['text', 'email', 'phone', 'choice'], family: 'set.kind' },
          { kind: 'flag', name: 'required', word: 'set.required' },
          { kind: 'words', name: 'choices', word: 'set.choices' },
        ],
      },
      { kind: 'code', name: 'secret', word: 'set.secret' },
    ],
  },
  {
    id: 'policy',
    word: 'set.policy',
    single: true,
    columns: [],
    fields: [
      { kind: 'one', name: 'fallback', word: 'set.fallback', of: 'queues' },
      {
        kind: 'rows',
        name: 'rules',
        word: 'set.rules',
        of: [
          { kind: 'text', name: 'name', word: 'set.name', required: true },
          { kind: 'code', name: 'when', word: 'set.when' },
          { kind: 'one', name: 'queue', word: 'info.queue', of: 'queues' },
          { kind: 'number', name: 'priority', word: 'floor.priority', min: -100, max: 100 },
          { kind: 'duration', name: 'head_start', word: 'set.head_start' },
          { kind: 'duration', name: 'last_agent', word: 'set.last_agent' },
          {
            kind: 'rows',
            name: 'steps',
            word: 'set.steps',
            of: [
              { kind: 'code', name: 'need', word: 'set.need' },
              { kind: 'duration', name: 'for', word: 'set.for' },
            ],
          },
        ],
      },
    ],
  },
  {
    id: 'settings',
    word: 'set.settings',
    single: true,
    columns: [],
    fields: [
      { kind: 'duration', name: 'silence', word: 'set.silence' },
      { kind: 'duration', name: 'reopen', word: 'set.reopen' },
    ],
  },
];

/** A field without a value is left out of the file. */
export function withField(item: Item, field: string, value: unknown): Item {
  const empty =
    value === '' ||
    value === undefined ||
    value === null ||
    value === false ||
    (typeof value === 'object' && Object.keys(value).length === 0);
  const { [field]: _, ...rest } = item;
  if (empty) return rest;
  return field in item ? { ...item, [field]: value } : { ...rest, [field]: value };
}

/** A value in a cell of a table. */
export function brief(value: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  if (value === true) return '✓';
  if (Array.isArray(value))
    return value.map((one) => (typeof one === 'object' ? Object.values(one as Item).join(' ') : String(one))).join(', ');
  return typeof value === 'object' ? '…' : String(value);
}
