import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { largestFile, Refused, upload } from '../shell/http';
import type { Attachment } from '../wire/frames';
import { newId } from '../wire/ids';

/** A file on its way into a message. */
export interface PendingFile {
  id: string;
  name: string;
  done: Attachment | null;
  failed: string;
}

export interface FilesHandle {
  list: readonly PendingFile[];
  input: RefObject<HTMLInputElement | null>;
  accept: string;
  choose: () => void;
  chosen: (event: Event) => void;
  add: (files: FileList) => void;
  remove: (id: string) => void;
  clear: () => void;
}

const types = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf', 'text/plain'];
const mostFiles = 10;
/** By contact: what was chosen stays while another chat is open. */
const shelves = new Map<string, readonly PendingFile[]>();

// Files go up as soon as they are chosen; the message only names them.
export function useFiles(contact: string): FilesHandle {
  const [list, setList] = useState<readonly PendingFile[]>(() => shelves.get(contact) ?? []);
  const input = useRef<HTMLInputElement>(null);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);

  const change = (to: (had: readonly PendingFile[]) => readonly PendingFile[]) => {
    const next = to(shelves.get(contact) ?? []);
    if (next.length > 0) shelves.set(contact, next);
    else shelves.delete(contact);
    if (alive.current) setList(next);
  };
  const bring = async (id: string, file: File) => {
    const settle = (to: Partial<PendingFile>) => change((had) => had.map((one) => (one.id === id ? { ...one, ...to } : one)));
    if (file.size > largestFile) return settle({ failed: 'too_large' });
    if (!types.includes(file.type)) return settle({ failed: 'media_type' });
    try {
      settle({ done: await upload(contact, file) });
    } catch (error) {
      settle({ failed: (error instanceof Refused && error.code) || 'other' });
    }
  };
  const add = (files: FileList) => {
    const room = mostFiles - (shelves.get(contact)?.length ?? 0);
    for (const file of [...files].slice(0, Math.max(0, room))) {
      const id = newId();
      change((had) => [...had, { id, name: file.name || 'file', done: null, failed: '' }]);
      void bring(id, file);
    }
  };
  return {
    list,
    input,
    accept: types.join(','),
    choose: () => input.current?.click(),
    chosen: (event) => {
      const node = event.currentTarget as HTMLInputElement;
      if (node.files) add(node.files);
      node.value = '';
    },
    add,
    remove: (id) => change((had) => had.filter((one) => one.id !== id)),
    clear: () => change(() => []),
  };
}
