import React from 'react';
import { css } from '@emotion/css';
import type { AppRootProps, GrafanaTheme2 } from '@grafana/data';
import { t } from '@grafana/i18n';
import { PluginPage } from '@grafana/runtime';
import { Stack, useStyles2 } from '@grafana/ui';
import { Boards } from '../Boards';
import { Connections } from '../Connections';
import { Steps } from '../Steps';

/** The start page: what this is, the boards, whether Tributary answers, and how to link it. */
export default function App(_: AppRootProps) {
  const styles = useStyles2(getStyles);
  return (
    <PluginPage>
      <Stack direction="column" gap={4}>
        <p className={styles.lead}>
          {t(
            'start.lead',
            'Tributary routes the conversations of your customers to your agents. These boards show a supervisor the queues as they are now and as they were, and lead from each number to the conversations behind it.'
          )}
        </p>
        <Boards />
        <Connections />
        <Steps />
      </Stack>
    </PluginPage>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  lead: css({
    fontSize: theme.typography.h5.fontSize,
    maxWidth: '80ch',
    margin: 0,
  }),
});
