// The shortcuts of the desk. Keys are taken by their place (`code`), so that Alt on a Mac, which writes letters of its own,
// works too; nothing is taken while an input method is composing.

export interface DeskKeys {
  accept(): void;
  decline(): void;
  step(by: 1 | -1): void;
  nth(n: number): void;
  end(): void;
  write(): void;
  status(): void;
  help(): void;
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function handleKey(event: KeyboardEvent, keys: DeskKeys): void {
  if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
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
    case 'KeyE':
      return () => keys.end();
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
