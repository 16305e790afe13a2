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
export const Clip = () => (
  <Icon>
    <path d="M19 11.5l-7.4 7.4a4.6 4.6 0 0 1-6.5-6.5L13 4.5a3.1 3.1 0 0 1 4.4 4.4l-7.7 7.7a1.5 1.5 0 0 1-2.2-2.2l7-7" />
  </Icon>
);
export const NoteIcon = () => (
  <Icon>
    <path d="M5 4h14v10l-5 6H5zM14 20v-6h5M8.5 8.5h7M8.5 12h4" />
  </Icon>
);
export const Bolt = () => (
  <Icon>
    <path d="M13 3L5 13.5h6L10 21l8-10.5h-6z" />
  </Icon>
);
export const Swap = () => (
  <Icon>
    <path d="M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4" />
  </Icon>
);
export const Pencil = () => (
  <Icon size={16}>
    <path d="M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z" />
  </Icon>
);
export const People = () => (
  <Icon>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M3 19c.6-3.4 2.9-5 6-5s5.4 1.6 6 5M16.5 5.3a3.2 3.2 0 0 1 0 5.4M17.5 14.3c2 .6 3.2 2.1 3.5 4.7" />
  </Icon>
);
export const Gear = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2.8v3M12 18.2v3M2.8 12h3M18.2 12h3M5.5 5.5l2.1 2.1M16.4 16.4l2.1 2.1M18.5 5.5l-2.1 2.1M7.6 16.4l-2.1 2.1" />
  </Icon>
);
export const MenuIcon = () => (
  <Icon>
    <path d="M4 7h16M4 12h16M4 17h16" />
  </Icon>
);
export const Cross = () => (
  <Icon size={16}>
    <path d="M6 6l12 12M18 6L6 18" />
  </Icon>
);
export const Eye = () => (
  <Icon size={14}>
    <circle cx="12" cy="12" r="2.6" />
    <path d="M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5S5 16.5 2.5 12z" />
  </Icon>
);
export const FileIcon = () => (
  <Icon>
    <path d="M6 3h8l4 4v14H6zM14 3v4h4" />
  </Icon>
);
export const Phone = () => (
  <Icon size={14}>
    <path d="M6.5 3.5l3 .5 1.3 4-2 1.6c1.1 2.3 2.7 3.9 5 5l1.6-2 4 1.3.5 3c-.3 1.9-1.8 3.2-3.7 3C9.7 19.2 4.8 14.3 3.6 7.2 3.4 5.3 4.7 3.8 6.5 3.5z" />
  </Icon>
);
export const Mail = () => (
  <Icon size={14}>
    <path d="M3.5 6h17v12h-17zM3.5 7l8.5 6.5L20.5 7" />
  </Icon>
);
export const Bubbles = () => (
  <Icon size={14}>
    <path d="M3 5h11v8H8l-3 2.8V13H3zM16.5 9H21v8h-2v2.8L16 17h-5" />
  </Icon>
);
export const SmallChat = () => (
  <Icon size={14}>
    <path d="M4 5h16v11H11l-4.5 4v-4H4z" />
  </Icon>
);
export const Device = () => (
  <Icon size={14}>
    <path d="M7 2.5h10v19H7zM11 18.5h2" />
  </Icon>
);
export const Plus = () => (
  <Icon size={16}>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);
export const School = () => (
  <Icon>
    <path d="M2.5 9.5L12 5l9.5 4.5L12 14zM6.5 11.7V16c1.6 1.5 3.5 2.2 5.5 2.2s3.9-.7 5.5-2.2v-4.3M21.5 9.5V15" />
  </Icon>
);
export const Speaker = () => (
  <Icon>
    <path d="M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />
  </Icon>
);

/** The way by which a contact came. */
export function ChannelIcon({ channel }: { channel: string }) {
  if (channel === 'voice') return <Phone />;
  if (channel === 'email') return <Mail />;
  if (channel === 'app' || channel === 'sms') return <Device />;
  return channel === 'webchat' ? <SmallChat /> : <Bubbles />;
}
