import { useEffect, useState } from 'preact/hooks';
import { serverNow } from '../shell/http';

/** The server's time, drawn again every so often. */
export function useNow(every: number): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
