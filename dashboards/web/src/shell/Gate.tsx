// The frame of the pages before the desk: the mark, a card, and the switches for language and theme.
import type { ComponentChildren } from 'preact';
import { useWords } from '../words';
import { Mark } from './icons';
import { LanguageSwitch, ThemeSwitch } from './switches';

export function Gate({ title, lead, children }: { title: string; lead?: string; children: ComponentChildren }) {
  const say = useWords();
  return (
    <main class="gate">
      <div class="gate-card">
        <p class="gate-brand">
          <Mark /> {say('brand')}
        </p>
        <h1>{title}</h1>
        {lead && <p class="quiet">{lead}</p>}
        {children}
      </div>
      <div class="gate-switches">
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
    </main>
  );
}

interface FieldProps {
  label: string;
  name: string;
  value: string;
  change: (value: string) => void;
  type?: 'text' | 'password';
  autocomplete?: string;
  first?: boolean;
}

export function Field({ label, name, value, change, type = 'text', autocomplete = 'off', first = false }: FieldProps) {
  const same = {
    id: `field-${name}`,
    name,
    value,
    required: true,
    maxLength: 200,
    autocomplete,
    autocapitalize: 'none' as const,
    spellcheck: false,
    ref: (node: HTMLInputElement | null) => {
      if (!first || !node || node.dataset.met) return;
      node.dataset.met = 'yes';
      node.focus();
    },
    onInput: (event: { currentTarget: HTMLInputElement }) => change(event.currentTarget.value),
  };
  return (
    <label class="field" htmlFor={`field-${name}`}>
      <span>{label}</span>
      {type === 'password' ? <input type="password" {...same} /> : <input type="text" {...same} />}
    </label>
  );
}
