// A profile as a form, and what differs between two. Pure.
import type { Profile } from '../wire/frames';
import type { ContactFacts } from './state';

export interface Form {
  name: string;
  tier: string;
  language: string;
  /** With commas between. */
  tags: string;
  fields: [string, string][];
}

export interface Difference {
  field: string;
  was: string;
  now: string;
}

/** What is known before anybody has told more. */
export function blankProfile(contact: ContactFacts): Profile {
  return {
    customer: contact.customer,
    name: contact.customer_name,
    tier: contact.tier,
    language: contact.language,
    tags: [],
    fields: {},
    version: 0,
    source: '',
    by: '',
    changed_ms: 0,
  };
}

export function formOf(profile: Profile): Form {
  const { name, tier, language } = profile;
  return { name, tier, language, tags: profile.tags.join(', '), fields: Object.entries(profile.fields) };
}

export function profileFrom(base: Profile, form: Form): Profile {
  const tags = form.tags.split(/[,，、;；]/).map((tag) => tag.trim());
  const fields = form.fields.map(([name, value]) => [name.trim(), value.trim()] as const).filter(([name]) => name !== '');
  return {
    ...base,
    name: form.name.trim(),
    tier: form.tier.trim(),
    language: form.language,
    tags: [...new Set(tags.filter(Boolean))],
    fields: Object.fromEntries(fields),
  };
}

function flat(profile: Profile): Record<string, string> {
  const { name, tier, language } = profile;
  return { ...profile.fields, name, tier, language, tags: profile.tags.join(', ') };
}

/** What differs, by field. */
export function differences(was: Profile, now: Profile): Difference[] {
  const [before, after] = [flat(was), flat(now)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .map((field) => ({ field, was: before[field] ?? '', now: after[field] ?? '' }))
    .filter((one) => one.was !== one.now);
}

/** My changes upon somebody else's: what I did not touch becomes theirs, what I touched stays mine. */
export function rebased(base: Profile, form: Form, theirs: Profile): Form {
  const mine = flat(profileFrom(base, form));
  const before = flat(base);
  const touched = (field: string) => (mine[field] ?? '') !== (before[field] ?? '');
  const from = formOf(theirs);
  const own = { ...theirs.fields };
  for (const field of new Set([...Object.keys(base.fields), ...form.fields.map(([name]) => name.trim())])) {
    if (!field || !touched(field)) continue;
    if (mine[field] === undefined) delete own[field];
    else own[field] = mine[field];
  }
  return {
    name: touched('name') ? form.name : from.name,
    tier: touched('tier') ? form.tier : from.tier,
    language: touched('language') ? form.language : from.language,
    tags: touched('tags') ? form.tags : from.tags,
    fields: Object.entries(own),
  };
}
