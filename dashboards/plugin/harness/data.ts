// What Tributary would answer: made up, but in the form of the API.
import type { Me, QueryInfo } from '../src/datasource/types';

export const me: Me = {
  tenant: 'demo',
  login: 'li.na',
  scope: 'all',
  teams: [
    { id: 'day', name: '白班' },
    { id: 'night', name: 'Night' },
  ],
  queues: [
    { id: 'billing', name: 'Billing' },
    { id: 'support', name: '技术支持' },
    { id: 'sales', name: 'Sales' },
  ],
  agents: [
    { id: 'a-1', name: 'Chen Wei', team: 'day' },
    { id: 'a-2', name: 'Maria Lopez', team: 'night' },
  ],
  channels: ['chat', 'voice'],
  intents: [{ id: 'refund', name: '退款' }],
  page_url: 'https://tributary.example.com',
};

const range = [
  { name: 'from_ms', type: 'Int64', help: 'the first moment' },
  { name: 'to_ms', type: 'Int64', help: 'the one behind the last; Unix milliseconds of the enqueueing' },
  { name: 'interval_ms', type: 'Int64', help: 'the length of an interval, counted from from_ms' },
];

export const queries: QueryInfo[] = [
  {
    name: 'queue_by_interval',
    help: 'What became of the contacts enqueued in each interval, by queue. Each enqueueing counts once, in the interval in which it happened, whenever it was answered.',
    params: [
      { name: 'queue', type: 'String', help: 'only this queue; empty for all' },
      ...range,
      { name: 'target_ms', type: 'Int64', help: 'the wait T of the service levels' },
      { name: 'short_ms', type: 'Int64', help: 'an abandon with a shorter wait is a short one' },
      { name: 'flow_outs', type: 'UInt8', help: '1 counts them in the divisor of sl_genesys, 0 does not' },
      { name: 'short_abandons', type: 'UInt8', help: '1 counts them in the divisor of sl_genesys, 0 does not' },
      { name: 'abandons', type: 'UInt8', help: '1 counts them in the divisor of sl_genesys, 0 does not' },
    ],
    columns: [
      { name: 'interval_ms', help: "the interval's beginning" },
      { name: 'queue', help: 'the queue' },
      { name: 'enqueued', help: 'enqueueings: a contact that comes into the queue a second time counts again' },
      { name: 'answered', help: 'taken by an agent, who kept it' },
      { name: 'sl_connect', help: '(answered_in_target + abandoned_in_target) / enqueued, percent' },
      { name: 'sl_late_abandons', help: 'answered_in_target / (answered + abandoned with a wait over T), percent' },
    ],
  },
  {
    name: 'handled_of',
    help: 'The contacts that an agent handled, the latest first.',
    params: [
      { name: 'agent', type: 'String', help: 'only this agent; empty for all' },
      ...range.slice(0, 2),
      { name: 'count', type: 'UInt32', help: 'so many rows at most' },
    ],
    columns: [{ name: 'contact', help: 'the contact' }],
  },
];
