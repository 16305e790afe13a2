// The widget's words. The language is the page's wish (data-language), else the browser's, else the entry point's.
const en = {
  open: 'Chat with us',
  openUnseen: 'Chat with us, {n} new',
  title: 'Chat',
  close: 'Close',
  log: 'Messages',
  label: 'Your message',
  send: 'Send',
  none: 'Write to us, we are happy to help.',
  waiting: 'Waiting for an agent …',
  assigned: 'An agent is with you',
  ended: 'The chat has ended. Write again whenever you like.',
  offline: 'Connection lost, trying again …',
  connecting: 'Connecting …',
  closed: 'Chat is not available here.',
  away: 'Chat does not answer at the moment. Trying again …',
  end: 'End chat',
  endSure: 'End this chat?',
  endYes: 'End',
  endNo: 'Go on',
  left: '{n} characters left',
  you: 'You',
  agent: 'Agent',
  bot: 'Assistant',
  system: 'Note',
  sending: 'Sending …',
  failed: 'Not sent.',
  again: 'Try again',
} as const;

export type ChatWord = keyof typeof en;
export type ChatWords = Record<ChatWord, string>;

const zh: ChatWords = {
  open: '在线咨询',
  openUnseen: '在线咨询，{n} 条新消息',
  title: '在线咨询',
  close: '关闭',
  log: '消息',
  label: '请输入消息',
  send: '发送',
  none: '您好，请问有什么可以帮您？',
  waiting: '正在为您接入坐席…',
  assigned: '坐席正在为您服务',
  ended: '本次会话已结束，您可以随时继续留言。',
  offline: '连接已断开，正在重连…',
  connecting: '正在连接…',
  closed: '此处暂不提供在线咨询。',
  away: '暂时无法连接，正在重试…',
  end: '结束会话',
  endSure: '确定结束本次会话吗？',
  endYes: '结束',
  endNo: '继续会话',
  left: '还可输入 {n} 字',
  you: '我',
  agent: '坐席',
  bot: '智能助手',
  system: '提示',
  sending: '发送中…',
  failed: '发送失败。',
  again: '重试',
};

export function chatWords(asked: string): { words: ChatWords; lang: string } {
  return /^zh/i.test(asked) ? { words: zh, lang: 'zh-CN' } : { words: en, lang: 'en' };
}

export function browserLanguage(): string {
  return (navigator.languages ?? [navigator.language]).find((l) => /^(zh|en)\b/i.test(l)) ?? '';
}
