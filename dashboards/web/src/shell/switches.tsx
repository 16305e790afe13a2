import { useStore } from '../wire/store';
import { useWords } from '../words';
import { Globe, Moon } from './icons';
import { chooseLanguage, chooseTheme, language, type Theme, theme } from './prefs';

export function LanguageSwitch() {
  const say = useWords();
  return (
    <label class="switch">
      <Globe />
      <span class="hidden">{say('top.language')}</span>
      <select
        data-testid="language"
        value={useStore(language)}
        onChange={(event) => chooseLanguage(event.currentTarget.value === 'zh' ? 'zh' : 'en')}
      >
        <option value="en" lang="en">
          English
        </option>
        <option value="zh" lang="zh-CN">
          简体中文
        </option>
      </select>
    </label>
  );
}

export function ThemeSwitch() {
  const say = useWords();
  return (
    <label class="switch">
      <Moon />
      <span class="hidden">{say('top.theme')}</span>
      <select data-testid="theme" value={useStore(theme)} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
        <option value="auto">{say('top.theme.auto')}</option>
        <option value="light">{say('top.theme.light')}</option>
        <option value="dark">{say('top.theme.dark')}</option>
      </select>
    </label>
  );
}
