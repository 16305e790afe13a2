import React from 'react';
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { TributaryOptions, TributarySecureOptions } from '../types';
import { ConfigEditor, faultOf } from './ConfigEditor';

type Options = DataSourcePluginOptionsEditorProps<TributaryOptions, TributarySecureOptions>['options'];

const empty = { jsonData: {}, secureJsonData: {}, secureJsonFields: {}, readOnly: false } as Options;

/** Keeps what is changed, as Grafana's settings page does. */
function show(options: Partial<Options> = {}) {
  const seen: { options: Options } = { options: { ...empty, ...options } };
  function Page() {
    const [held, setHeld] = React.useState(seen.options);
    seen.options = held;
    return <ConfigEditor options={held} onOptionsChange={setHeld} />;
  }
  render(<Page />);
  return seen;
}

const field = (label: RegExp) => screen.getByLabelText(label);

test('stores addresses and the certificate readable, the token secure', async () => {
  const seen = show();
  await userEvent.type(field(/^URL/), 'https://t.example.com');
  await userEvent.type(field(/Address for people/), 'https://desk.example.com');
  await userEvent.type(field(/CA certificate/), 'PEM');
  await userEvent.type(field(/^Token/), 'secret');
  expect(seen.options.jsonData).toEqual({
    url: 'https://t.example.com',
    pageUrl: 'https://desk.example.com',
    caCert: 'PEM',
  });
  expect(seen.options.secureJsonData).toEqual({ token: 'secret' });
  expect(JSON.stringify(seen.options.jsonData)).not.toContain('secret');
});

test('a token that is set is not shown, and can be given anew', async () => {
  const seen = show({ secureJsonFields: { token: true } });
  expect(field(/^Token/)).toBeDisabled();
  await userEvent.click(screen.getByRole('button', { name: /reset/i }));
  expect(seen.options.secureJsonFields.token).toBe(false);
  await userEvent.type(field(/^Token/), 'new');
  expect(seen.options.secureJsonData).toEqual({ token: 'new' });
});

test('what was provisioned cannot be changed', () => {
  show({ readOnly: true, jsonData: { url: 'https://t.example.com' }, secureJsonFields: { token: true } });
  for (const label of [/^URL/, /Address for people/, /CA certificate/, /^Token/]) {
    expect(field(label)).toBeDisabled();
  }
  expect(screen.queryByRole('button', { name: /reset/i })).not.toBeInTheDocument();
});

test('says what is wrong with an address', async () => {
  show();
  await userEvent.type(field(/^URL/), 'tributary.example.com');
  expect(screen.getByText(/not a whole address/)).toBeInTheDocument();
});

test.each([
  ['', undefined],
  ['https://t.example.com', undefined],
  ['http://127.0.0.1:8080', undefined],
  ['ftp://t.example.com', /https:\/\//],
  ['https://u:p@t.example.com', /password/],
  ['t.example.com', /whole address/],
])('the address %p', (url, wanted) => {
  const fault = faultOf(url);
  if (wanted) {
    expect(fault).toMatch(wanted);
  } else {
    expect(fault).toBeUndefined();
  }
});
