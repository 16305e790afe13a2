// What a person chose for this browser: language and theme. Without a choice the browser's own wishes hold.

import { keep, kept } from '../wire/kept';
import { createStore } from '../wire/store';

export type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';

const languageName = 'tributary.language';
const themeName = 'tributary.theme';

function browserLanguage(): Language {
  const first = (navigator.languages ?? [navigator.language]).find((l) => /^(zh|en)\b/i.test(l));
  return first && /^zh/i.test(first) ? 'zh' : 'en';
}

function chosenLanguage(): Language {
  const chosen = kept(languageName);
  return chosen === 'zh' || chosen === 'en' ? chosen : browserLanguage();
}

function chosenTheme(): Theme {
  const chosen = kept(themeName);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
}

export const language = createStore<Language>(chosenLanguage());
export const theme = createStore<Theme>(chosenTheme());

function show(): void {
  document.documentElement.lang = language.get() === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset.theme = theme.get();
}

export function watchPrefs(): void {
  show();
  language.watch(show);
  theme.watch(show);
  addEventListener('storage', (event) => {
    if (event.key === languageName) language.set(chosenLanguage());
    if (event.key === themeName) theme.set(chosenTheme());
  });
}

export function chooseLanguage(next: Language): void {
  keep(languageName, next);
  language.set(next);
}

export function chooseTheme(next: Theme): void {
  keep(themeName, next);
  theme.set(next);
}
