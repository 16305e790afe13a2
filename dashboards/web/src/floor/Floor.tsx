export function Floor(_: Record<string, unknown>) {
  return null;
}
