import { useState } from 'react';

/** What is being typed, until it is committed; another value from outside replaces it. */
export function useText(value: string): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setText(value);
  }
  return [text, setText];
}
