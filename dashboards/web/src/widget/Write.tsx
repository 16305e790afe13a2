import { useEffect, useRef, useState } from 'preact/hooks';
import { sizeOf } from '../text/size';
import { useStore } from '../wire/store';
import { accepted, faultOf, mostFiles, type UploadFault } from './carry';
import { type ChatClient, longest } from './client';
import type { Attached } from './frames';
import { Clip, Send } from './icons';
import type { ChatWords } from './words';

interface Props {
  client: ChatClient;
  words: ChatWords;
  off: boolean;
}

interface Chip {
  key: number;
  name: string;
  size: number;
  percent: number;
  fault: UploadFault | '';
  done: Attached | null;
  stop: AbortController;
}

let keys = 0;

/** Files on their way to the door, each shown with how far it is. */
function useChips(client: ChatClient) {
  const [chips, setChips] = useState<Chip[]>([]);
  const [tooMany, setTooMany] = useState(false);
  const add = (files: Iterable<File>) => {
    const room = mostFiles - chips.length;
    const all = [...files];
    setTooMany(all.length > room);
    for (const file of all.slice(0, Math.max(0, room))) {
      const chip: Chip = {
        key: ++keys,
        name: file.name,
        size: file.size,
        percent: 0,
        fault: faultOf(file),
        done: null,
        stop: new AbortController(),
      };
      const patch = (part: Partial<Chip>) => setChips((now) => now.map((c) => (c.key === chip.key ? { ...c, ...part } : c)));
      setChips((now) => [...now, chip]);
      if (chip.fault) continue;
      void client
        .upload(file, (percent) => patch({ percent }), chip.stop.signal)
        .then((done) => patch(typeof done === 'string' ? { fault: done } : { done, percent: 100 }));
    }
  };
  const remove = (key: number) => {
    chips.find((c) => c.key === key)?.stop.abort();
    setChips((now) => now.filter((c) => c.key !== key));
    setTooMany(false);
  };
  const clear = () => {
    setChips([]);
    setTooMany(false);
  };
  return { chips, tooMany, add, remove, clear };
}

export function Write({ client, words, off }: Props) {
  const door = useStore(client.door);
  const [text, put] = useState(client.draft);
  const setText = (words: string) => {
    client.draft = words;
    put(words);
  };
  const [over, setOver] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const { chips, tooMany, add, remove, clear } = useChips(client);
  const left = longest - text.length;
  const files = chips.flatMap((c) => (c.done ? [c.done] : []));
  const under = chips.some((c) => !c.done && !c.fault);
  const ready = !off && door.asked && !under && (text.trim() !== '' || files.length > 0);
  useEffect(() => box.current?.focus(), []);
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight + 2, 120)}px`;
  }, [text]);
  const send = () => {
    if (!ready) return;
    client.send(text, files.length > 0 ? { attachments: files } : {});
    setText('');
    clear();
    box.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  const taken = (list: FileList | null | undefined) => {
    if (!door.files || off || !list?.length) return false;
    add(list);
    return true;
  };
  return (
    <form
      class={over ? 'write over' : 'write'}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => {
        if (!door.files || !event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        if (taken(event.dataTransfer?.files)) event.preventDefault();
      }}
      onPaste={(event) => {
        if (taken(event.clipboardData?.files)) event.preventDefault();
      }}
    >
      {(chips.length > 0 || tooMany) && (
        <ul class="chips" aria-label={words.attached}>
          {chips.map((c) => (
            <li key={c.key} data-testid="tw-chip" data-state={c.fault ? 'failed' : c.done ? 'done' : 'under'}>
              <span class="file-name">{c.name}</span>
              <span class="quiet" role="status">
                {c.fault ? words[c.fault] : c.done ? sizeOf(c.size) : words.uploading.replace('{n}', String(c.percent))}
              </span>
              <button
                type="button"
                class="link"
                aria-label={words.remove.replace('{name}', c.name)}
                onClick={() => {
                  remove(c.key);
                  box.current?.focus();
                }}
              >
                ✕
              </button>
            </li>
          ))}
          {tooMany && (
            <li class="bad" role="alert">
              {words.tooMany}
            </li>
          )}
        </ul>
      )}
      {door.files && (
        <>
          <input
            ref={picker}
            type="file"
            class="hidden"
            multiple
            accept={accepted}
            tabIndex={-1}
            aria-hidden="true"
            data-testid="tw-picker"
            onChange={(event) => {
              taken(event.currentTarget.files);
              event.currentTarget.value = '';
            }}
          />
          <button
            type="button"
            class="tool"
            disabled={off}
            aria-label={words.attach}
            title={words.attach}
            onClick={() => picker.current?.click()}
            data-testid="tw-attach"
          >
            <Clip />
          </button>
        </>
      )}
      <textarea
        ref={box}
        rows={1}
        value={text}
        maxLength={longest}
        disabled={off}
        placeholder={over ? words.drop : words.label}
        aria-label={words.label}
        onInput={(event) => {
          setText(event.currentTarget.value);
          if (event.currentTarget.value.trim()) client.writes();
        }}
        onKeyDown={key}
        data-testid="tw-input"
      />
      <button type="submit" class="go" disabled={!ready} aria-label={words.send} title={words.send} data-testid="tw-send">
        <Send />
      </button>
      <p class="left" role="status">
        {left <= 200 && words.left.replace('{n}', String(left))}
      </p>
    </form>
  );
}
