export function Admin(_: Record<string, unknown>) {
  return null;
}
