// Reads foreign JSON without trusting it: what is missing or of a wrong kind becomes the empty value, never an exception.
// Numbers are taken from strings too, because 64-bit integers are often written so.

export type Json = Record<string, unknown>;

export function object(value: unknown): Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function number(value: unknown): number {
  const n = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof n === 'number' && Number.isFinite(n) ? n : 0;
}

export function flag(value: unknown): boolean {
  return value === true || value === 1;
}

export function list<T>(value: unknown, one: (item: unknown) => T): T[] {
  return Array.isArray(value) ? value.map(one) : [];
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[], otherwise: T): T {
  return (allowed as readonly unknown[]).includes(value) ? (value as T) : otherwise;
}

export function parse(raw: string): Json | null {
  try {
    const value: unknown = JSON.parse(raw);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}
