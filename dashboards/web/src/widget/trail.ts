// What the customer does on the site: pages and events. Until there is a chat it stays in this tab, at most the last twenty and
// half an hour, and nobody is told: who only looks leaves nothing behind.
import { newId } from '../wire/ids';
import { number, object, parse, text } from '../wire/read';

export interface Step {
  id: string;
  kind: 'page' | 'event';
  name: string;
  page: string;
  fields: Record<string, string>;
  at: number;
}

const most = 20;
const oldest = 30 * 60_000;
const nameShape = /^[A-Za-z0-9_-]{1,64}$/;

/** An event as the door takes it, or null for one without a proper name. */
export function eventStep(name: unknown, fields: unknown, page: string, at: number): Step | null {
  if (typeof name !== 'string' || !nameShape.test(name)) return null;
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(object(fields)).slice(0, 12)) {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (nameShape.test(key) && plain) kept[key] = String(value).slice(0, 500);
  }
  return { id: newId(), kind: 'event', name, page, fields: kept, at };
}

export class Trail {
  private steps: Step[] = [];

  constructor(private readonly name: string) {
    try {
      const saved = parse(`{"steps":${sessionStorage.getItem(name) || '[]'}}`);
      for (const item of Array.isArray(saved?.steps) ? saved.steps : []) {
        const v = object(item);
        const fields = Object.fromEntries(Object.entries(object(v.fields)).map(([k, value]) => [k, text(value)]));
        const kind = v.kind === 'event' ? 'event' : 'page';
        if (text(v.id))
          this.steps.push({ id: text(v.id), kind, name: text(v.name), page: text(v.page), fields, at: number(v.at) });
      }
    } catch {
      // kept in memory only
    }
  }

  add(step: Step): void {
    this.steps = [...this.steps, step].slice(-most);
    this.save();
  }

  /** What nobody was told of yet. */
  due(now: number): readonly Step[] {
    const fresh = this.steps.filter((s) => now - s.at < oldest);
    if (fresh.length < this.steps.length) {
      this.steps = fresh;
      this.save();
    }
    return fresh;
  }

  /** It was told, or refused for good. */
  drop(id: string): boolean {
    const rest = this.steps.filter((s) => s.id !== id);
    if (rest.length === this.steps.length) return false;
    this.steps = rest;
    this.save();
    return true;
  }

  private save(): void {
    try {
      sessionStorage.setItem(this.name, JSON.stringify(this.steps));
    } catch {
      // kept in memory only
    }
  }
}

/** The address of the page without what may be a secret or somebody's name in it: no query, no fragment. */
export function pageOf(location: Location): string {
  return (location.origin + location.pathname).slice(0, 2_000);
}
