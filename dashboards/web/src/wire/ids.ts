// An id of a wish or a message, made by the client: the server drops repeats by it. crypto.randomUUID is missing on plain
// HTTP, which a first look in a private network often is; getRandomValues is everywhere.
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
