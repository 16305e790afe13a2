import React from 'react';
import type { AppPluginMeta, AppRootProps, PluginConfigPageProps } from '@grafana/data';
import { config, setBackendSrv, setDataSourceSrv } from '@grafana/runtime';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router-dom-v5-compat';
import { me, mockBackendSrv } from '../../testing/mockRuntime';
import AppConfig from '../AppConfig/AppConfig';
import App from './App';

const board = (uid: string) => ({ uid, url: `/d/${uid}/x`, title: uid });
const healthy = { '/health': { status: 'OK', message: 'Tributary answers.' }, '/resources/me': me };

/** Shows the start page in a Grafana (a mock) with these boards, data sources and user. */
function show({
  boards = ['tributary-wallboard', 'tributary-wallboard-zh'],
  answers = healthy as object,
  sources = ['Tributary'],
  role = 'Viewer',
  language = 'en-US',
} = {}) {
  const backendSrv = mockBackendSrv({ '/api/search': boards.map(board), ...answers });
  setBackendSrv(backendSrv);
  setDataSourceSrv({ getList: () => sources.map((name) => ({ name, uid: 'tributary' })) } as never);
  config.bootData = { user: { orgRole: role, language } } as never;
  render(
    <MemoryRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
      <App {...({} as AppRootProps)} />
    </MemoryRouter>
  );
  return backendSrv;
}

test('links the boards that are here, and says of the connection what Tributary says', async () => {
  show();
  expect(await screen.findByText(/Tributary answers\. You are li\.na there and see 2 queues\./)).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'Wallboard' })).toHaveAttribute('href', '/d/tributary-wallboard/x');
  expect(screen.queryByRole('link', { name: 'Queues' })).not.toBeInTheDocument();
});

test('who reads Chinese gets the Chinese boards', async () => {
  show({ language: 'zh-Hans' });
  expect(await screen.findByRole('link', { name: 'Wallboard' })).toHaveAttribute('href', '/d/tributary-wallboard-zh/x');
});

test('says what is missing, and to an administrator where to add it', async () => {
  show({ boards: [], sources: [], role: 'Admin' });
  expect(await screen.findByText('No board is here yet')).toBeInTheDocument();
  expect(screen.getByText(/No data source of the kind Tributary/)).toBeInTheDocument();
  expect(screen.getByRole('link', { name: /Add the data source/ })).toHaveAttribute(
    'href',
    '/connections/datasources/new'
  );
});

test('says why Tributary does not answer, in the words of the backend, and asks again', async () => {
  const backendSrv = show({ answers: { '/health': { status: 'ERROR', message: 'The token was revoked.' } } });
  expect(await screen.findByText('The token was revoked.')).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: /Settings/ })).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Ask again' }));
  await screen.findByText('The token was revoked.');
  expect(backendSrv.asked.filter(({ url }) => url.endsWith('/health'))).toHaveLength(2);
});

test('a right token and a missing account are told apart', async () => {
  const denied = Object.assign(new Error('Forbidden'), { data: { message: 'unknown_user: no account li.na' } });
  show({ answers: { ...healthy, '/resources/me': denied } });
  expect(await screen.findByText('unknown_user: no account li.na')).toBeInTheDocument();
});

test('the configuration page leads to the data source', () => {
  render(
    <MemoryRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
      <AppConfig {...({} as PluginConfigPageProps<AppPluginMeta>)} />
    </MemoryRouter>
  );
  expect(screen.getByRole('link', { name: /Add the data source/ })).toHaveAttribute(
    'href',
    '/connections/datasources/new'
  );
  expect(screen.getByText(/tributary user add grafana --role dashboards/)).toBeInTheDocument();
});
