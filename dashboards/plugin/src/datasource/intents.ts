import { isChinese } from '../language';
import type { Intent, Named } from './types';

/** Intents in the reader's language, where Tributary has their names in it. */
export function inLanguage(intents: Intent[]): Named[] {
  return intents.map(({ id, name, names }) => ({ id, name: names?.[isChinese() ? 'zh' : 'en'] || name }));
}
