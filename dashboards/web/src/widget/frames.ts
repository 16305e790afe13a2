// The frames of the customers' socket.
import { flag, type Json, list, number, object, oneOf, parse, text } from '../wire/read';

export const chatStates = ['none', 'waiting', 'assigned', 'ended'] as const;
export type ChatState = (typeof chatStates)[number];

export interface Attached {
  file: string;
  name: string;
  media_type: string;
  size: number;
}

export interface ChatMessage {
  id: string;
  sequence: number;
  author: 'customer' | 'agent' | 'bot' | 'system';
  text: string;
  sent_ms: number;
  client_id: string;
  conversation: string;
  attachments: Attached[];
}

export type ChatFrame =
  | { type: 'history'; state: ChatState; messages: ChatMessage[]; read: number; survey: string; open: boolean }
  | { type: 'message'; message: ChatMessage }
  | { type: 'state'; state: ChatState }
  | { type: 'typing' }
  | { type: 'read'; sequence: number }
  | { type: 'survey'; contact: string }
  | { type: 'accepted'; id: string }
  | { type: 'error'; id: string; code: string; text: string; field: string }
  | { type: 'pong' };

export function readAttached(value: unknown): Attached {
  const v = object(value);
  return { file: text(v.file), name: text(v.name), media_type: text(v.media_type), size: number(v.size) };
}

function readMessage(value: unknown): ChatMessage {
  const v = object(value);
  return {
    id: text(v.id),
    sequence: number(v.sequence),
    author: oneOf(v.author, ['customer', 'agent', 'bot', 'system'], 'system'),
    text: text(v.text),
    sent_ms: number(v.sent_ms),
    client_id: text(v.client_id),
    conversation: text(v.conversation),
    attachments: list(v.attachments, readAttached),
  };
}

const state = (v: Json) => oneOf(v.state, chatStates, 'none');

/** Reads a frame, or null for one that this script does not know. */
export function readChatFrame(raw: string): ChatFrame | null {
  const v = parse(raw);
  switch (v?.type) {
    case 'history':
      return {
        type: 'history',
        state: state(v),
        messages: list(v.messages, readMessage),
        read: number(v.read),
        survey: text(v.survey),
        open: v.open === undefined || flag(v.open),
      };
    case 'message':
      return { type: 'message', message: readMessage(v.message ?? v) };
    case 'state':
      return { type: 'state', state: state(v) };
    case 'typing':
      return { type: 'typing' };
    case 'read':
      return { type: 'read', sequence: number(v.sequence) };
    case 'survey':
      return { type: 'survey', contact: text(v.contact) };
    case 'accepted':
      return { type: 'accepted', id: text(v.id) };
    case 'error':
      return { type: 'error', id: text(v.id), code: text(v.code), text: text(v.text), field: text(v.field) };
    case 'pong':
      return { type: 'pong' };
    default:
      return null;
  }
}
