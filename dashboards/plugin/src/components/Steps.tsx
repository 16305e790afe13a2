import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { t } from '@grafana/i18n';
import { useStyles2 } from '@grafana/ui';
import { DATASOURCE_UID } from '../constants';
import { Section } from './Section';

const COMMANDS = {
  token: 'tributary user add grafana --role dashboards && tributary user token grafana',
  all: 'tributary grafana provision --url https://grafana.example.com --token-file grafana.token --tributary-url https://tributary.example.com --tributary-token-file tributary.token',
};

/** How Grafana is linked to Tributary, in four steps. */
export function Steps() {
  const styles = useStyles2(getStyles);
  return (
    <Section title={t('steps.title', 'Link Grafana to Tributary')}>
      <ol className={styles.steps}>
        <li>
          {t('steps.token', 'On the machine of Tributary, make a token that may only read boards:')}
          <code className={styles.command}>{COMMANDS.token}</code>
        </li>
        <li>
          {t(
            'steps.datasource',
            'Add a data source of the kind Tributary with the address of Tributary and that token. The boards ask the one with this uid:'
          )}
          <code className={styles.command}>{DATASOURCE_UID}</code>
        </li>
        <li>
          {t(
            'steps.users',
            'Make an account in Tributary for each supervisor, with the login they have in Grafana. Its teams say what they see.'
          )}
        </li>
        <li>
          {t(
            'steps.boards',
            'Import the boards, under Dashboards on the page of this plugin. Or let one command do this and the second step:'
          )}
          <code className={styles.command}>{COMMANDS.all}</code>
        </li>
      </ol>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  steps: css({
    margin: theme.spacing(0, 0, 0, 3),
    maxWidth: '80ch',
    '& li': { marginBottom: theme.spacing(1) },
  }),
  command: css({
    display: 'table',
    whiteSpace: 'normal',
    overflowWrap: 'anywhere',
    marginTop: theme.spacing(0.5),
  }),
});
