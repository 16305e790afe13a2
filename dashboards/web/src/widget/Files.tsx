import { useEffect, useRef, useState } from 'preact/hooks';
import { sizeOf } from '../text/size';
import type { ChatClient } from './client';
import type { Attached } from './frames';
import { Save } from './icons';
import type { ChatWords } from './words';

interface Props {
  client: ChatClient;
  words: ChatWords;
  file: Attached;
}

/** A file of a message: a picture is drawn, anything else is offered. */
export function FileView(props: Props) {
  return props.file.media_type.startsWith('image/') ? <Picture {...props} /> : <Offered {...props} />;
}

// Whoever shows the widget may forbid pictures from elsewhere, and data and blob addresses too: a canvas needs no permission.
function Picture({ client, words, file }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [state, setState] = useState<'' | 'there' | 'gone'>('');
  useEffect(() => {
    let over = false;
    void client.fetch(file.file).then(async (blob) => {
      const image = blob && (await createImageBitmap(blob).catch(() => null));
      if (over) return;
      const node = canvas.current;
      if (!image || !node) return setState('gone');
      const scale = Math.min(1, 480 / image.width, 480 / image.height);
      node.width = Math.max(1, Math.round(image.width * scale));
      node.height = Math.max(1, Math.round(image.height * scale));
      node.getContext('2d')?.drawImage(image, 0, 0, node.width, node.height);
      image.close();
      setState('there');
    });
    return () => {
      over = true;
    };
  }, [file.file]);
  const name = file.name || words.picture;
  if (state === 'gone') return <Offered client={client} words={words} file={file} />;
  return (
    <button
      type="button"
      class="picture"
      data-state={state}
      data-testid="tw-picture"
      aria-label={words.save.replace('{name}', name)}
      title={name}
      onClick={() => void save(client, file, name)}
    >
      <canvas ref={canvas} />
    </button>
  );
}

function Offered({ client, words, file }: Props) {
  const [gone, setGone] = useState(false);
  const name = file.name || words.file;
  return (
    <button
      type="button"
      class="offered"
      data-testid="tw-file"
      title={words.save.replace('{name}', name)}
      onClick={() => void save(client, file, name).then((done) => setGone(!done))}
    >
      <Save />
      <span class="file-name">{name}</span>
      <span class="quiet">{gone ? words.gone : sizeOf(file.size)}</span>
    </button>
  );
}

async function save(client: ChatClient, file: Attached, name: string): Promise<boolean> {
  const blob = await client.fetch(file.file);
  if (!blob) return false;
  const link = document.createElement('a');
  // The door says what it is; the name is the sender's word.
  link.href = URL.createObjectURL(new Blob([blob], { type: file.media_type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
}
