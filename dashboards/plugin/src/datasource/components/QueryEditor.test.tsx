import React from 'react';
import { setTemplateSrv } from '@grafana/runtime';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { me, mockSizes, mockTemplateSrv, queries } from '../../testing/mockRuntime';
import type { TributaryDataSource } from '../datasource';
import type { TributaryQuery } from '../types';
import { QueryEditor } from './QueryEditor';

const answering = { me: async () => me, queries: async () => queries } as TributaryDataSource;
const named: TributaryQuery = {
  refId: 'A',
  kind: 'named',
  query: 'queue_by_interval',
  params: { queue: '', target_ms: 20_000, flow_outs: 0 },
};

beforeEach(() => {
  mockSizes();
  setTemplateSrv(mockTemplateSrv({ queue: 'billing' }));
});

/** Keeps what is changed, as Grafana's panel editor does, and counts how often the query is run. */
function show(query: TributaryQuery, datasource = answering) {
  const seen = { query, runs: 0 };
  function Page() {
    const [held, setHeld] = React.useState(query);
    seen.query = held;
    return <QueryEditor query={held} onChange={setHeld} onRunQuery={() => seen.runs++} datasource={datasource} />;
  }
  render(<Page />);
  return seen;
}

const choose = async (box: HTMLElement, option: RegExp) => {
  await userEvent.click(box);
  await userEvent.click(await screen.findByRole('option', { name: option }));
};

test("shows the query's help and its parameters", async () => {
  show(named);
  expect(await screen.findByText('What became of the contacts enqueued in each interval.')).toBeInTheDocument();
  expect(screen.getByLabelText('target_ms')).toHaveValue('20000');
  expect(screen.getByLabelText('from_ms')).toHaveAttribute('placeholder', 'from the time range');
});

test('another query takes over the parameters that both know', async () => {
  const seen = show({ ...named, params: { ...named.params, queue: '$queue' }, value: ['sl_connect', 'queue'] });
  await choose(await screen.findByLabelText('Query'), /handled_of/);
  expect(seen.query).toMatchObject({
    query: 'handled_of',
    params: { queue: '$queue', agent: '', count: 100, code: '' },
    value: [],
  });
  expect(seen.query.params).not.toHaveProperty('target_ms');
  expect(seen.runs).toBe(1);
});

test('a queue is chosen by its name, or a variable stands for it', async () => {
  const seen = show(named);
  const box = await screen.findByLabelText('queue');
  await choose(box, /技术支持/);
  expect(seen.query.params?.queue).toBe('support');
  await choose(box, /\$queue/);
  expect(seen.query.params?.queue).toBe('$queue');
});

test('a number is stored as one when it is left, and a mistyped one is not stored', async () => {
  const seen = show(named);
  const field = await screen.findByLabelText('target_ms');
  await userEvent.clear(field);
  await userEvent.type(field, '30000{Enter}');
  expect(seen.query.params?.target_ms).toBe(30_000);
  await userEvent.clear(field);
  await userEvent.type(field, '30 s');
  await userEvent.tab();
  expect(screen.getByText(/A whole number/)).toBeInTheDocument();
  expect(seen.query.params?.target_ms).toBe(30_000);
  await userEvent.clear(field);
  await userEvent.type(field, '$target');
  await userEvent.tab();
  expect(seen.query.params?.target_ms).toBe('$target');
  expect(seen.runs).toBe(2);
});

test('a time that is emptied comes from the time range again', async () => {
  const seen = show({ ...named, params: { ...named.params, interval_ms: '$interval' } });
  const field = await screen.findByLabelText('interval_ms');
  await userEvent.clear(field);
  await userEvent.tab();
  expect(seen.query.params).not.toHaveProperty('interval_ms');
});

test('series choose their columns, tables do not', async () => {
  const seen = show(named);
  await screen.findByLabelText('target_ms');
  expect(screen.queryByText('Values')).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole('radio', { name: 'Time series' }));
  expect(seen.query.format).toBe('series');
  await choose(screen.getByPlaceholderText('Choose columns'), /sl_connect/);
  expect(seen.query.value).toEqual(['sl_connect']);
  await choose(screen.getByPlaceholderText('queue, agent …'), /queue_name/);
  expect(seen.query.label).toEqual(['queue_name']);
});

test('sharing answers is on until it is switched off', async () => {
  const seen = show(named);
  const box = await screen.findByRole('switch');
  expect(box).toBeChecked();
  await userEvent.click(box);
  expect(seen.query.align).toBe(false);
});

test('the live wallboard asks for nothing more; a query chosen before comes back', async () => {
  const seen = show(named);
  await userEvent.click(screen.getByRole('radio', { name: 'Live wallboard' }));
  expect(seen.query.kind).toBe('wallboard');
  expect(screen.getByText(/The queues as they are now/)).toBeInTheDocument();
  expect(screen.queryByLabelText('Query')).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole('radio', { name: 'Named query' }));
  expect(seen.query).toMatchObject({ kind: 'named', query: 'queue_by_interval' });
});

test('a query that this Tributary does not know is said to be so', async () => {
  show({ ...named, query: 'queue_by_week' });
  expect(await screen.findByText(/does not know this query/)).toBeInTheDocument();
});

test("the backend's own words are shown where it does not answer", async () => {
  const failing = {
    ...answering,
    queries: async () => Promise.reject({ status: 502, data: { message: 'Tributary is away.' } }),
  };
  show(named, failing as unknown as TributaryDataSource);
  expect(await screen.findByText('Tributary is away.')).toBeInTheDocument();
});
