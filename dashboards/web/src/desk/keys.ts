// The shortcuts of the desk. Keys are taken by their place (`code`), so that Alt on a Mac, which writes letters of its own,
// works too; nothing is taken while an input method is composing. Alt with D, E, F, Home and the arrows to the sides belong to
// browsers, Ctrl and the function keys too: those are left alone.

export interface DeskKeys {
  accept(): void;
  decline(): void;
  step(by: 1 | -1): void;
  nth(n: number): void;
  end(): void;
  write(): void;
  note(): void;
  replies(): void;
  attach(): void;
  transfer(): void;
  profile(): void;
  column(): void;
  columns(): void;
  page(): void;
  status(): void;
  help(): void;
}

/** What may be asked for while a dialog is open: an offer does not wait. */
const always = new Set(['KeyA', 'KeyX']);

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function handleKey(event: KeyboardEvent, keys: DeskKeys): void {
  if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  if (document.querySelector('dialog[open]') && !always.has(event.code)) return;
  const run = event.altKey ? withAlt(event.code, keys) : event.key === '?' && !typing(event.target) ? () => keys.help() : null;
  if (!run) return;
  event.preventDefault();
  run();
}

function withAlt(code: string, keys: DeskKeys): (() => void) | null {
  const digit = /^Digit([1-9])$/.exec(code);
  if (digit) return () => keys.nth(Number(digit[1]));
  switch (code) {
    case 'KeyA':
      return () => keys.accept();
    case 'KeyX':
      return () => keys.decline();
    case 'ArrowDown':
      return () => keys.step(1);
    case 'ArrowUp':
      return () => keys.step(-1);
    case 'KeyQ':
      return () => keys.end();
    case 'KeyN':
      return () => keys.note();
    case 'KeyR':
      return () => keys.replies();
    case 'KeyU':
      return () => keys.attach();
    case 'KeyT':
      return () => keys.transfer();
    case 'KeyP':
      return () => keys.profile();
    case 'KeyO':
      return () => keys.column();
    case 'KeyC':
      return () => keys.columns();
    case 'KeyG':
      return () => keys.page();
    case 'KeyW':
      return () => keys.write();
    case 'KeyS':
      return () => keys.status();
    case 'Slash':
      return () => keys.help();
    default:
      return null;
  }
}
