import React, { useState } from 'react';
import { type DataSourceInstanceSettings } from '@grafana/data';
import { t } from '@grafana/i18n';
import { config, getBackendSrv, getDataSourceSrv } from '@grafana/runtime';
import { Alert, Button, LinkButton, LoadingPlaceholder, Stack, TextLink } from '@grafana/ui';
import { DATASOURCE_ID } from '../constants';
import { messageOf, useAnswer } from '../datasource/components/useAnswer';
import type { Me } from '../datasource/types';
import { Section } from './Section';

interface State {
  ok: boolean;
  message: string;
  /** Where this user opens Tributary; unknown where they have no account there. */
  page?: string;
}

/** Each data source of the kind Tributary, and whether Tributary answers it. */
export function Connections() {
  const sources = getDataSourceSrv().getList({ pluginId: DATASOURCE_ID });
  return (
    <Section title={t('connections.title', 'Connection')}>
      {sources.length === 0 ? (
        <Alert severity="warning" title={t('connections.none', 'No data source of the kind Tributary is here yet')}>
          {isAdmin() && (
            <LinkButton href="/connections/datasources/new" icon="plus">
              {t('connections.add', 'Add the data source')}
            </LinkButton>
          )}
        </Alert>
      ) : (
        sources.map((source) => <Connection key={source.uid} source={source} />)
      )}
    </Section>
  );
}

function Connection({ source }: { source: DataSourceInstanceSettings }) {
  const [tries, setTries] = useState(0);
  const { value, loading } = useAnswer(() => ask(source.uid), tries);
  if (loading || !value) {
    return <LoadingPlaceholder text={t('connections.asking', 'Asking {{name}} …', { name: source.name })} />;
  }
  return (
    <Alert severity={value.ok ? 'success' : 'error'} title={source.name}>
      <Stack direction="column" gap={1} alignItems="flex-start">
        <span>{value.message}</span>
        <Stack direction="row" gap={2} wrap="wrap" alignItems="center">
          <Button size="sm" variant="secondary" onClick={() => setTries(tries + 1)}>
            {t('connections.again', 'Ask again')}
          </Button>
          {value.page && (
            <TextLink external href={value.page}>
              {t('connections.open', 'Open Tributary')}
            </TextLink>
          )}
          {isAdmin() && (
            <TextLink href={`/connections/datasources/edit/${source.uid}`}>
              {t('connections.settings', 'Settings of the data source')}
            </TextLink>
          )}
        </Stack>
      </Stack>
    </Alert>
  );
}

/** The health of the link, and then that of this user's own account: a token can be right and the account missing. */
async function ask(uid: string): Promise<State> {
  const get = (path: string) =>
    getBackendSrv().get(`/api/datasources/uid/${uid}/${path}`, undefined, undefined, { showErrorAlert: false });
  try {
    const health: { status?: string; message?: string } = await get('health');
    if (health.status && health.status !== 'OK') {
      return { ok: false, message: health.message ?? health.status };
    }
    const me: Me = await get('resources/me');
    const seen = t('connections.seen', 'You are {{login}} there and see {{queues}} queues.', {
      login: me.login,
      queues: me.queues.length,
      interpolation: { escapeValue: false },
    });
    return { ok: true, message: `${health.message ?? ''} ${seen}`.trim(), page: me.page_url || undefined };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

function isAdmin(): boolean {
  return config.bootData?.user?.orgRole === 'Admin';
}
