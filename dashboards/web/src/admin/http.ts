// The setup's door: what is in force, whether a change is in order, and the change itself.
import { call, Refused } from '../shell/http';
import { flag, list, number, object, text } from '../wire/read';
import type { Item } from './schema';

export interface Fault {
  line: number;
  column: number;
  path: string;
  text: string;
}

export interface Config {
  version: number;
  yaml: string;
  objects: Item;
}

/** A change as it is sent: the text of the file, or its things. */
export type Draft = { yaml: string } | { objects: Item };

export interface Checked {
  ok: boolean;
  /** What was sent, as the file would say it. */
  yaml: string;
  faults: Fault[];
}

export type Applied = { state: 'applied'; version: number } | { state: 'changed' } | { state: 'faults'; faults: Fault[] };

const readFaults = (value: unknown): Fault[] =>
  list(value, (item) => {
    const v = object(item);
    return { line: number(v.line), column: number(v.column), path: text(v.path), text: text(v.text) };
  });

export async function getConfig(): Promise<Config> {
  const answer = await call('GET', '/api/config');
  return { version: number(answer.version), yaml: text(answer.yaml), objects: object(answer.objects) };
}

export async function checkConfig(draft: Draft): Promise<Checked> {
  const answer = await call('POST', '/api/config/check', draft);
  return { ok: flag(answer.ok), yaml: text(answer.yaml), faults: readFaults(answer.faults) };
}

export async function applyConfig(draft: Draft, base: number): Promise<Applied> {
  try {
    const answer = await call('POST', '/api/config', { ...draft, base_version: base });
    return { state: 'applied', version: number(answer.version) };
  } catch (error) {
    if (error instanceof Refused && error.status === 409) return { state: 'changed' };
    if (error instanceof Refused && error.status === 422) return { state: 'faults', faults: readFaults(error.answer.faults) };
    throw error;
  }
}

export interface Account {
  login: string;
  agent: string;
  roles: string[];
  /** The teams that it is bound to; none: the whole company. */
  teams: string[];
  disabled: boolean;
}

const readAccount = (value: unknown): Account => {
  const v = object(value);
  return {
    login: text(v.login),
    agent: text(v.agent),
    roles: list(v.roles, text),
    teams: list(v.teams, text),
    disabled: flag(v.disabled),
  };
};

export async function accounts(): Promise<Account[]> {
  return list((await call('GET', '/api/accounts')).accounts, readAccount);
}

/** Makes an account, and gives the one-time link by which its person sets a password. */
export async function createAccount(login: string, agent: string, roles: string[]): Promise<string> {
  return text((await call('POST', '/api/accounts', { login, agent, roles })).link);
}

export async function changeAccount(login: string, change: { roles?: string[]; disabled?: boolean }): Promise<void> {
  await call('POST', `/api/accounts/${encodeURIComponent(login)}`, change);
}
