// The pages for people who are logged in, by what comes after the # of the address.
import { useEffect, useState } from 'preact/hooks';
import type { Word } from '../words';
import type { Me } from './http';

export interface Page {
  id: 'desk' | 'floor' | 'admin';
  at: string;
  word: Word;
}

const desk: Page = { id: 'desk', at: '#/', word: 'page.desk' };
const floor: Page = { id: 'floor', at: '#/floor', word: 'page.floor' };
const admin: Page = { id: 'admin', at: '#/admin', word: 'page.admin' };

/** What a person may see; the server decides on every question again. */
export function pagesOf(me: Me): Page[] {
  const is = (...roles: string[]) => me.roles.some((role) => roles.includes(role));
  return [
    ...(me.agent ? [desk] : []),
    ...(is('supervisor', 'admin') ? [floor] : []),
    ...((me.setup ?? is('supervisor', 'admin')) ? [admin] : []),
  ];
}

export const mayChange = (me: Me): boolean => me.roles.includes('admin');
export const mayAct = (me: Me): boolean => me.roles.includes('supervisor');

/** The address after the #, as it changes. */
export function useHash(): string {
  const [hash, setHash] = useState(() => location.hash || '#/');
  useEffect(() => {
    const moved = () => setHash(location.hash || '#/');
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return hash;
}
