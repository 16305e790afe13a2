import React from 'react';
import type { AppPluginMeta, PluginConfigPageProps } from '@grafana/data';
import { LinkButton, Stack } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { APP_ID } from '../../constants';
import { Steps } from '../Steps';

/** Nothing is set here: what links Grafana to Tributary is the data source. So it says where that is done. */
export default function AppConfig(_: PluginConfigPageProps<AppPluginMeta>) {
  return (
    <Stack direction="column" gap={3} alignItems="flex-start">
      <Steps />
      <Stack direction="row" gap={1} wrap="wrap">
        <LinkButton href="/connections/datasources/new" icon="plus">
          {t('config.add', 'Add the data source')}
        </LinkButton>
        <LinkButton href={`/a/${APP_ID}`} variant="secondary" icon="apps">
          {t('config.start', 'Open the start page')}
        </LinkButton>
      </Stack>
    </Stack>
  );
}
