// Who the customer is, as far as people and the site said so. What somebody else changed meanwhile is shown, never overwritten.
import type { RefObject } from 'preact';
import { useEffect, useImperativeHandle, useRef, useState } from 'preact/hooks';
import { Cross, Pencil, Plus } from '../shell/icons';
import type { Profile as Facts } from '../wire/frames';
import { useStore } from '../wire/store';
import { type Say, useWords, type Word } from '../words';
import type { DeskClient } from './client';
import { blankProfile, differences, type Form, formOf, profileFrom, rebased } from './profileForm';
import type { ContactFacts, DeskState } from './state';

export interface ProfileHandle {
  edit(): void;
}

interface Props {
  client: DeskClient;
  desk: DeskState;
  contact: ContactFacts;
  handle: RefObject<ProfileHandle | null>;
}

export function Profile({ client, desk, contact, handle }: Props) {
  const say = useWords();
  const [editing, setEditing] = useState(false);
  const [late, setLate] = useState(false);
  const profile = desk.profiles[contact.customer];
  useEffect(() => {
    if (profile) return;
    client.loadProfile(contact.customer).catch(() => setLate(true));
  }, [contact.customer]);
  useImperativeHandle(handle, () => ({ edit: () => setEditing(true) }));
  const facts = profile ?? blankProfile(contact);
  return (
    <section class="info-part" aria-labelledby="profile-title" data-testid="profile">
      <h3 id="profile-title">
        {say('profile.title')}
        {!editing && (
          <button
            type="button"
            class="button ghost small"
            onClick={() => setEditing(true)}
            title={`${say('profile.edit')} (Alt P)`}
            data-testid="profile-edit"
          >
            <Pencil /> {say('profile.edit')}
          </button>
        )}
      </h3>
      {editing ? (
        <Edit client={client} facts={facts} done={() => setEditing(false)} />
      ) : (
        <>
          {late && !profile && <p class="quiet">{say('profile.late')}</p>}
          <ProfileView facts={facts} />
        </>
      )}
    </section>
  );
}

/** What is known of a customer. */
export function ProfileView({ facts }: { facts: Facts }) {
  const say = useWords();
  const rows: [string, string][] = [
    [say('profile.name'), facts.name],
    [say('profile.tier'), facts.tier && say.code('tier', facts.tier)],
    [say('profile.language'), facts.language && say.code('lang', facts.language)],
    ...Object.entries(facts.fields).map(([name, value]): [string, string] => [say.code('field', name), value]),
  ];
  const known = rows.filter(([, value]) => value);
  return (
    <>
      {known.length === 0 && facts.tags.length === 0 && <p class="quiet">{say('profile.none')}</p>}
      <dl class="facts">
        {known.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      {facts.tags.length > 0 && (
        <ul class="tags" aria-label={say('profile.tags')}>
          {facts.tags.map((tag) => (
            <li key={tag} class="tag">
              {tag}
            </li>
          ))}
        </ul>
      )}
      {facts.source === 'customer' && (
        <p class="quiet small-print" data-testid="profile-said">
          {say('profile.said')}
        </p>
      )}
      {facts.version > 0 && facts.by && (
        <p class="quiet small-print">{say('profile.by', { name: facts.by, time: say.day(facts.changed_ms) })}</p>
      )}
    </>
  );
}

function Edit({ client, facts, done }: { client: DeskClient; facts: Facts; done: () => void }) {
  const say = useWords();
  const [base, setBase] = useState(facts);
  const [form, setForm] = useState(() => formOf(facts));
  const [request, setRequest] = useState('');
  const [was, setWas] = useState<Facts | null>(null);
  const first = useRef<HTMLInputElement>(null);
  const notice = useStore(client.notice);
  useStore(client.box);
  const waiting = request !== '' && client.asking('profile', facts.customer);

  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    if (facts.version <= base.version) return;
    // What we asked for has come about; or somebody else was faster, and we go on from their version.
    if (request && differences(facts, profileFrom(base, form)).length === 0) return done();
    setWas(base);
    setForm(rebased(base, form, facts));
    setBase(facts);
    setRequest('');
  }, [facts.version]);
  useEffect(() => {
    if (notice && notice.id === request) setRequest('');
  }, [notice]);

  const save = (event: Event) => {
    event.preventDefault();
    const next = profileFrom(base, form);
    if (differences(base, next).length === 0) return done();
    const { customer, tier, language, tags, name, fields } = next;
    setWas(null);
    setRequest(client.ask({ type: 'profile', customer, tier, language, tags, name, fields, base_version: base.version }));
  };
  const text = (key: 'name' | 'tier' | 'tags', word: Word, hint?: Word) => (
    <label class="field">
      <span>{say(word)}</span>
      <input
        ref={(node) => {
          if (key === 'name') first.current = node;
        }}
        name={`profile-${key}`}
        value={form[key]}
        maxLength={200}
        placeholder={hint ? say(hint) : ''}
        onInput={(event) => setForm({ ...form, [key]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <form
      class="profile-form"
      onSubmit={save}
      data-testid="profile-form"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.isComposing) done();
      }}
    >
      {was && <Conflict was={was} now={base} mine={profileFrom(base, form)} say={say} />}
      {text('name', 'profile.name')}
      <div class="pair">
        {text('tier', 'profile.tier')}
        <label class="field">
          <span>{say('profile.language')}</span>
          <select value={form.language} onChange={(event) => setForm({ ...form, language: event.currentTarget.value })}>
            <option value="">–</option>
            <option value="zh">{say('lang.zh')}</option>
            <option value="en">{say('lang.en')}</option>
            {form.language && !['zh', 'en'].includes(form.language) && <option value={form.language}>{form.language}</option>}
          </select>
        </label>
      </div>
      {text('tags', 'profile.tags', 'profile.tags.hint')}
      <Own form={form} change={setForm} />
      <div class="sheet-foot">
        <button type="button" class="button small" onClick={done}>
          {say('cancel')}
        </button>
        <button type="submit" class="button primary small" disabled={waiting} data-testid="profile-save">
          {say(waiting ? 'wrap.busy' : 'save')}
        </button>
      </div>
    </form>
  );
}

/** Fields of the installation's own, by name. */
function Own({ form, change }: { form: Form; change: (form: Form) => void }) {
  const say = useWords();
  const set = (at: number, to: [string, string]) => change({ ...form, fields: form.fields.with(at, to) });
  return (
    <fieldset class="own-fields">
      <legend>{say('profile.fields')}</legend>
      {form.fields.map(([name, value], i) => (
        <div class="own-field" key={String(i)}>
          <input
            value={name}
            maxLength={64}
            aria-label={say('profile.field.name')}
            placeholder={say('profile.field.name')}
            onInput={(event) => set(i, [event.currentTarget.value, value])}
          />
          <input
            value={value}
            maxLength={500}
            aria-label={name || say('profile.field.value')}
            placeholder={say('profile.field.value')}
            onInput={(event) => set(i, [name, event.currentTarget.value])}
          />
          <button
            type="button"
            class="button ghost icon-only small"
            onClick={() => change({ ...form, fields: form.fields.filter((_, at) => at !== i) })}
            aria-label={say('remove.named', { name: name || '–' })}
          >
            <Cross />
          </button>
        </div>
      ))}
      <button type="button" class="button ghost small" onClick={() => change({ ...form, fields: [...form.fields, ['', '']] })}>
        <Plus /> {say('profile.field.add')}
      </button>
    </fieldset>
  );
}

function Conflict({ was, now, mine, say }: { was: Facts; now: Facts; mine: Facts; say: Say }) {
  const changed = differences(was, now);
  const open = new Set(differences(now, mine).map((one) => one.field));
  return (
    <div class="conflict" role="alert" data-testid="profile-conflict">
      <p>{say('profile.conflict', { name: now.by || say('author.system') })}</p>
      <ul>
        {changed.map((one) => (
          <li key={one.field}>
            <strong>{say.code('profile', one.field)}</strong>: <del>{one.was || '–'}</del> → <ins>{one.now || '–'}</ins>
            {open.has(one.field) && <em> {say('profile.conflict.mine')}</em>}
          </li>
        ))}
      </ul>
      <p>{say('profile.conflict.go')}</p>
    </div>
  );
}
