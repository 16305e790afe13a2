// The widget's drawings. They say nothing to a screen reader, the words beside them do.

/** A line in a box of 24. */
function Icon({ path, size = 20, line = 2 }: { path: string; size?: number; line?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={line}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

export const Chat = () => <Icon size={26} line={1.9} path="M4 5h16v11H11l-4.5 4v-4H4zM8 9.5h8M8 12.5h5" />;
export const Down = () => <Icon size={26} line={1.9} path="M6 9l6 6 6-6" />;
export const Cross = () => <Icon path="M6 6l12 12M18 6L6 18" />;
export const Clip = () => (
  <Icon line={1.8} path="M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.8 17a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5" />
);
export const Send = () => <Icon path="M12 19V5M6 11l6-6 6 6" />;
export const Save = () => <Icon line={1.8} path="M6 3h8l4 4v14H6zM14 3v4h4M12 11v6M9 14.5l3 3 3-3" />;

/** Drawn by the style sheet, which knows whether it is chosen. */
export const Star = () => (
  <svg width="30" height="30" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M12 3l2.8 5.9 6.4.8-4.7 4.4 1.2 6.4L12 17.4l-5.7 3.1 1.2-6.4L2.8 9.7l6.4-.8z" />
  </svg>
);
