// The customers' widget. A page loads it with
//   <script src="https://…/webchat/widget.js" data-entry-point="shop" async></script>
// and may add data-language ("zh" or "en"), data-theme ("light", "dark", "auto"; else as the page's color-scheme says) and
// data-visitor (a token that the site signed for its user). It lives in a shadow tree with a constructed style sheet, so that the
// page's styles and a strict content security policy do not touch it, and it sets no cookies. The page may call
//   tributary('open' | 'close'), tributary('identify', token | ''), tributary('event', name, fields), tributary('page'),
//   tributary('theme', 'light' | 'dark' | 'auto')
// also before the script is there, if it defines
//   window.tributary ??= (...args) => { (tributary.q ??= []).push(args); };
import { render } from 'preact';
import { newId } from '../wire/ids';
import { ChatClient } from './client';
import parts from './parts.css?inline';
import { eventStep, pageOf } from './trail';
import { Widget } from './Widget';
import css from './widget.css?inline';

type Call = ((...call: unknown[]) => void) & { q?: unknown[][] };

declare global {
  interface Window {
    tributary?: Call;
  }
}

function ownScript(): HTMLScriptElement | null {
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement) return current;
  return document.querySelector<HTMLScriptElement>('script[data-entry-point][src*="widget.js"]');
}

const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** Whether the widget is dark: as it is told, else as the page's color-scheme says. */
function isDark(theme: string): boolean {
  const scheme = theme === 'auto' ? 'light dark' : theme || getComputedStyle(document.body).colorScheme;
  return scheme.includes('dark') && (!scheme.includes('light') || systemDark.matches);
}

function begin(script: HTMLScriptElement): void {
  const entryPoint = script.dataset.entryPoint ?? '';
  if (!entryPoint) {
    console.error('Tributary: the script tag of the widget needs data-entry-point="…".');
    return;
  }
  if (document.querySelector('tributary-chat')) return;
  const host = document.createElement('tributary-chat');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css + parts);
  root.adoptedStyleSheets = [sheet];
  document.body.append(host);
  const client = new ChatClient(new URL('.', script.src).href, entryPoint, script.dataset.visitor);
  let theme = script.dataset.theme ?? '';
  const paint = () => host.toggleAttribute('data-dark', isDark(theme));
  paint();
  systemDark.addEventListener('change', paint);
  // Pages that switch do so by a class or an attribute of these two.
  const watcher = new MutationObserver(paint);
  for (const node of [document.documentElement, document.body]) watcher.observe(node, { attributes: true });
  render(<Widget client={client} asked={script.dataset.language ?? ''} />, root);

  const page = () => client.did({ id: newId(), kind: 'page', name: '', page: pageOf(location), fields: {}, at: Date.now() });
  const call: Call = (what, ...rest) => {
    if (what === 'open' || what === 'close') client.shown.set(what === 'open');
    else if (what === 'identify' && typeof rest[0] === 'string') client.identify(rest[0]);
    else if (what === 'page') page();
    else if (what === 'theme') {
      theme = String(rest[0] ?? '');
      paint();
    } else if (what === 'event') {
      const step = eventStep(rest[0], rest[1], pageOf(location), Date.now());
      if (step) client.did(step);
      else console.error('Tributary: the name of an event has 1 to 64 letters, digits, - and _.');
    } else console.error(`Tributary: there is no tributary(${JSON.stringify(what)}) with these arguments.`);
  };
  const early = window.tributary?.q ?? [];
  window.tributary = call;
  page();
  for (const args of early) call(...args);
}

const script = ownScript();
if (script) {
  if (document.body) begin(script);
  else addEventListener('DOMContentLoaded', () => begin(script));
}
