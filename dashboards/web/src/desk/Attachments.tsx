// Files of a message: pictures in place, the rest as a name to save. A picture grows on a click and goes by Escape or a click.
import { useState } from 'preact/hooks';
import { fileUrl } from '../shell/http';
import { Cross, FileIcon } from '../shell/icons';
import { useModal } from '../shell/modal';
import { sizeOf } from '../text/size';
import type { Attachment } from '../wire/frames';
import { useWords } from '../words';

export const isPicture = (file: { media_type: string }): boolean => /^image\/(png|jpeg|gif|webp)$/.test(file.media_type);

interface Props {
  files: readonly Attachment[];
  /** Where a reader who holds no contact of the customer found them. */
  conversation?: string | undefined;
}

export function Attachments({ files, conversation }: Props) {
  const say = useWords();
  const [large, setLarge] = useState<Attachment | null>(null);
  return (
    <ul class="attachments">
      {files.map((file) =>
        isPicture(file) ? (
          <li key={file.file}>
            <button
              type="button"
              class="picture"
              onClick={() => setLarge(file)}
              aria-label={say('file.enlarge', { name: file.name })}
              data-testid="picture"
            >
              <img src={fileUrl(file.file, conversation)} alt={file.name} loading="lazy" />
            </button>
          </li>
        ) : (
          <li key={file.file}>
            <a class="file" href={fileUrl(file.file, conversation)} download={file.name} data-testid="file">
              <FileIcon />
              <span class="file-name">{file.name || file.media_type}</span>
              <span class="quiet">{sizeOf(file.size)}</span>
            </a>
          </li>
        ),
      )}
      {large && <Large file={large} conversation={conversation} close={() => setLarge(null)} />}
    </ul>
  );
}

function Large({ file, conversation, close }: { file: Attachment; conversation: string | undefined; close: () => void }) {
  const say = useWords();
  const dialog = useModal();
  return (
    <li>
      <dialog ref={dialog} class="large" onClose={close} aria-label={file.name} data-testid="large-picture">
        <header>
          <span>
            {file.name} <span class="quiet">{sizeOf(file.size)}</span>
          </span>
          <a class="button small" href={fileUrl(file.file, conversation)} download={file.name}>
            {say('file.save')}
          </a>
          <button type="button" class="button small icon-only" onClick={() => dialog.current?.close()} aria-label={say('close')}>
            <Cross />
          </button>
        </header>
        <img src={fileUrl(file.file, conversation)} alt={file.name} />
      </dialog>
    </li>
  );
}
