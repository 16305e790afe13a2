// What an installation calls its own codes, such as `intent.` + card_lost. The words of the pages come first.
export type Names = Readonly<Partial<Record<'en' | 'zh', string>>>;

const learnt = new Map<string, Names>();

export function learn(family: string, code: string, names: Names): void {
  learnt.set(`${family}.${code}`, names);
}

/** The name in that language, else in another; empty where nobody told one. */
export function learntName(language: 'en' | 'zh', word: string): string {
  const names = learnt.get(word);
  return names?.[language] || names?.en || names?.zh || '';
}
