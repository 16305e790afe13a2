import React, { type ChangeEvent } from 'react';
import { css } from '@emotion/css';
import {
  type DataSourcePluginOptionsEditorProps,
  type GrafanaTheme2,
  onUpdateDatasourceJsonDataOption,
  onUpdateDatasourceSecureJsonDataOption,
  updateDatasourcePluginResetOption,
} from '@grafana/data';
import { t } from '@grafana/i18n';
import { Alert, Field, FieldSet, Input, SecretInput, TextArea, useStyles2 } from '@grafana/ui';
import type { TributaryOptions, TributarySecureOptions } from '../types';

type Props = DataSourcePluginOptionsEditorProps<TributaryOptions, TributarySecureOptions>;

const WIDTH = 60;
const EXAMPLE = 'https://tributary.example.com';
const PEM = '-----BEGIN CERTIFICATE-----';

/** Says what is wrong with an address, so that it is seen before Grafana asks it. */
export function faultOf(url: string | undefined, required: boolean): string | undefined {
  if (!url) {
    return required ? t('config.url.missing', 'Where Grafana reaches Tributary is needed.') : undefined;
  }
  try {
    const { protocol, username, password } = new URL(url);
    if (protocol !== 'http:' && protocol !== 'https:') {
      return t('config.url.protocol', 'An address starts with https:// (or http:// inside one machine).');
    }
    if (username || password) {
      return t('config.url.secret', 'No user or password in the address: it is stored readable. Use the token below.');
    }
    return undefined;
  } catch {
    return t('config.url.invalid', 'This is not a whole address, such as https://tributary.example.com.');
  }
}

/** Settings of the data source: where Tributary is, whom to trust there, and the token Grafana is known by. */
export function ConfigEditor(props: Props) {
  const styles = useStyles2(getStyles);
  const { options } = props;
  const { jsonData, secureJsonFields, secureJsonData, readOnly } = options;
  const urlFault = faultOf(jsonData.url, true);
  const pageFault = faultOf(jsonData.pageUrl, false);
  const pem = jsonData.caCert?.trim();
  const isSet = Boolean(secureJsonFields?.token);
  return (
    <>
      <Alert severity="info" title={t('config.how.title', 'How Grafana is linked to Tributary')}>
        {t(
          'config.how.text',
          'The token is that of a Tributary account with the role dashboards. Each Grafana user sees what the Tributary account of the same login may see; who that is, and which teams they see, is set in Tributary.'
        )}
      </Alert>
      <FieldSet label={t('config.connection', 'Connection')}>
        <Field
          required
          label={t('config.url.label', 'URL')}
          description={t('config.url.help', 'Where the Grafana server reaches Tributary.')}
          invalid={Boolean(jsonData.url) && Boolean(urlFault)}
          error={jsonData.url ? urlFault : undefined}
          disabled={readOnly}
        >
          <Input
            id="tributary-url"
            width={WIDTH}
            value={jsonData.url ?? ''}
            placeholder={EXAMPLE}
            onChange={onUpdateDatasourceJsonDataOption(props, 'url')}
          />
        </Field>
        <Field
          label={t('config.page.label', 'Address for people')}
          description={t(
            'config.page.help',
            'Where people open Tributary in their browser, for links to conversations. Empty: the same as the URL.'
          )}
          invalid={Boolean(pageFault)}
          error={pageFault}
          disabled={readOnly}
        >
          <Input
            id="tributary-page-url"
            width={WIDTH}
            value={jsonData.pageUrl ?? ''}
            placeholder={jsonData.url || EXAMPLE}
            onChange={onUpdateDatasourceJsonDataOption(props, 'pageUrl')}
          />
        </Field>
        <Field
          label={t('config.ca.label', 'CA certificate')}
          description={t(
            'config.ca.help',
            'Only where an authority of your own signed the certificate of that URL. Empty: those the Grafana server trusts.'
          )}
          invalid={Boolean(pem) && !isPem(pem)}
          error={t('config.ca.invalid', 'A certificate in PEM starts with -----BEGIN CERTIFICATE-----.')}
          disabled={readOnly}
        >
          <TextArea
            id="tributary-ca"
            rows={5}
            className={styles.pem}
            value={jsonData.caCert ?? ''}
            placeholder={PEM}
            onChange={(event: ChangeEvent<HTMLTextAreaElement>) =>
              props.onOptionsChange({ ...options, jsonData: { ...jsonData, caCert: event.target.value } })
            }
          />
        </Field>
      </FieldSet>
      <FieldSet label={t('config.authentication', 'Authentication')}>
        <Field
          required
          label={t('config.token.label', 'Token')}
          description={t(
            'config.token.help',
            'Stored encrypted; only the Grafana server reads it. Reset to give another.'
          )}
          disabled={readOnly}
        >
          {readOnly ? (
            <Input
              id="tributary-token"
              width={WIDTH}
              value={isSet ? t('config.token.set', 'configured') : ''}
              readOnly
            />
          ) : (
            <SecretInput
              id="tributary-token"
              width={WIDTH}
              isConfigured={isSet}
              value={secureJsonData?.token ?? ''}
              placeholder={t('config.token.placeholder', 'Token of an account with the role dashboards')}
              onChange={onUpdateDatasourceSecureJsonDataOption(props, 'token')}
              onReset={() => updateDatasourcePluginResetOption(props, 'token')}
            />
          )}
        </Field>
      </FieldSet>
    </>
  );
}

function isPem(text = ''): boolean {
  return /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text);
}

const getStyles = (theme: GrafanaTheme2) => ({
  pem: css({ maxWidth: theme.spacing(WIDTH), fontFamily: theme.typography.fontFamilyMonospace }),
});
