import { useMemo } from 'preact/hooks';
import { linked } from './links';

/** What somebody wrote, its addresses as links. The page that opens learns nothing of this one. */
export function Linked({ text }: { text: string }) {
  const parts = useMemo(() => linked(text), [text]);
  return (
    <>
      {parts.map((part, i) =>
        typeof part === 'string' ? (
          part
        ) : (
          <a key={String(i)} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ),
      )}
    </>
  );
}
