import { config } from '@grafana/runtime';

/** Tells whether this Grafana speaks Chinese to the reader; a Chinese one is also wanted by who set zh-Hant. */
export function isChinese(): boolean {
  const { bootData } = config;
  return /^zh\b/i.test(bootData?.user?.language || document.documentElement.lang || '');
}
