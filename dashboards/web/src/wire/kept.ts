// Small things kept in the browser's localStorage. A browser may refuse it (private windows, full disk): then they last
// as long as the page, and nothing breaks.

const memory = new Map<string, string>();

export function keep(name: string, value: string): void {
  memory.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // kept in memory only
  }
}

export function kept(name: string): string {
  try {
    return localStorage.getItem(name) ?? memory.get(name) ?? '';
  } catch {
    return memory.get(name) ?? '';
  }
}

export function forget(name: string): void {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // it was in memory only
  }
}

/** Forgets all whose name begins so, such as everything of one account at logout. */
export function forgetAll(prefix: string): void {
  const names = new Set(memory.keys());
  try {
    for (let i = 0; i < localStorage.length; i++) names.add(localStorage.key(i) ?? '');
  } catch {
    // only memory is there
  }
  for (const name of names) if (name.startsWith(prefix)) forget(name);
}
