// Files to and from the door, with the visitor's token in a header: never in an address, which others may see.
import { parse, text } from '../wire/read';
import { type Attached, readAttached } from './frames';

export const largest = 10 * 1024 * 1024;
export const mostFiles = 5;
export const accepted = 'image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,.txt';

export type UploadFault = 'tooLarge' | 'wrongType' | 'tooOften' | 'notUploaded';

/** What can be said of a file before it is sent; the door looks at the bytes. */
export function faultOf(file: File): UploadFault | '' {
  if (file.size > largest) return 'tooLarge';
  const known = accepted.split(',').includes(file.type) || (file.type === '' && /\.(txt|log|csv|md)$/i.test(file.name));
  return file.size === 0 || !(known || file.type.startsWith('text/')) ? 'wrongType' : '';
}

/** Sends a file; progress is told in per cent. The promise is the file as the door knows it, or what was wrong. */
export function upload(
  base: string,
  token: string,
  file: File,
  progress: (percent: number) => void,
  signal: AbortSignal,
): Promise<Attached | UploadFault> {
  return new Promise((done) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is
    request.open('POST', new URL('files', base));
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.upload.onprogress = (event) => progress(Math.floor((event.loaded / Math.max(1, event.total)) * 100));
    request.onload = () => {
      const v = parse(request.responseText) ?? {};
      if (request.status === 200 && text(v.file)) done({ ...readAttached(v), name: file.name });
      else if (request.status === 413) done('tooLarge');
      else if (request.status === 415) done('wrongType');
      else done(request.status === 429 ? 'tooOften' : 'notUploaded');
    };
    request.onerror = request.onabort = request.ontimeout = () => done('notUploaded');
    request.timeout = 180_000;
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

export async function download(base: string, token: string, file: string): Promise<Blob | null> {
  try {
    const answer = await fetch(new URL(`files/${encodeURIComponent(file)}`, base), {
      headers: { Authorization: `Bearer ${token}` },
      credentials: 'omit',
      signal: AbortSignal.timeout(180_000),
    });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null;
  }
}
