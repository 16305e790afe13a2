// Icons as small drawings of our own; they say nothing to a screen reader, the words beside them do.
import type { ComponentChildren } from 'preact';

function Icon({ children, size = 18 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const Mark = () => (
  <svg class="mark" width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="var(--accent-solid)" />
    <path d="M8 8c0 8 8 7 8 16M24 8c0 8-8 7-8 16M16 7v17" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
  </svg>
);
export const Globe = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M3 12h18M12 3c5 5.5 5 12.5 0 18M12 3c-5 5.5-5 12.5 0 18" />
  </Icon>
);
export const Moon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 3v18a9 9 0 0 0 0-18z" fill="currentColor" />
  </Icon>
);
export const Keyboard = () => (
  <Icon>
    <rect x="2.5" y="6" width="19" height="12" rx="2" />
    <path d="M6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8" />
  </Icon>
);
export const Leave = () => (
  <Icon>
    <path d="M10 4H5v16h5M15 8l4 4-4 4M9 12h10" />
  </Icon>
);
export const Back = () => (
  <Icon>
    <path d="M15 5l-7 7 7 7" />
  </Icon>
);
export const Info = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 11v5M12 8h.01" />
  </Icon>
);
export const Down = () => (
  <Icon>
    <path d="M12 5v14M6 13l6 6 6-6" />
  </Icon>
);
export const Bell = () => (
  <Icon>
    <path d="M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 21h4" />
  </Icon>
);
export const Tick = () => (
  <Icon size={14}>
    <path d="M5 13l4.5 4.5L19 7.5" />
  </Icon>
);
export const Ticks = () => (
  <Icon size={14}>
    <path d="M2 13l4.5 4.5L16 7.5M12 17l.5.5L22 7.5" />
  </Icon>
);
export const Clock = () => (
  <Icon size={14}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);
export const Warn = () => (
  <Icon size={14}>
    <path d="M12 4l9 16H3zM12 10v4M12 17h.01" />
  </Icon>
);
export const SendIcon = () => (
  <Icon>
    <path d="M4 12l16-8-5 16-4-7zM11 13l9-9" />
  </Icon>
);
export const Chat = () => (
  <Icon size={28}>
    <path d="M4 5h16v11H11l-4.5 4v-4H4z" />
  </Icon>
);
