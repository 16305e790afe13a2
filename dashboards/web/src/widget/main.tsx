// The customers' widget. A page loads it with
//   <script src="https://…/webchat/widget.js" data-entry-point="shop" async></script>
// and may add data-language ("zh" or "en"). It lives in a shadow tree with a constructed style sheet, so that the page's styles
// and a strict content security policy do not touch it, and it sets no cookies.
import { render } from 'preact';
import { ChatClient } from './client';
import { Widget } from './Widget';
import css from './widget.css?inline';

function ownScript(): HTMLScriptElement | null {
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement) return current;
  return document.querySelector<HTMLScriptElement>('script[data-entry-point][src*="widget.js"]');
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
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  document.body.append(host);
  const client = new ChatClient(new URL('.', script.src).href, entryPoint);
  render(<Widget client={client} asked={script.dataset.language ?? ''} />, root);
}

const script = ownScript();
if (script) {
  if (document.body) begin(script);
  else addEventListener('DOMContentLoaded', () => begin(script));
}
