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
export function faultOf(url: string): string | undefined {
  // What is still empty is not told to be wrong.
  if (!url) {
    return undefined;
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
  const { jsonData } = props.options;
  return (
    <>
      <Alert severity="info" title={t('config.how.title', 'How Grafana is linked to Tributary')}>
        {t(
          'config.how.text',
          'The token is that of a Tributary account with the role dashboards. Each Grafana user sees what the Tributary account of the same login may see; who that is, and which teams they see, is set in Tributary.'
        )}
      </Alert>
      <FieldSet label={t('config.connection', 'Connection')}>
        <AddressField
          {...props}
          name="url"
          id="tributary-url"
          required
          label={t('config.url.label', 'URL')}
          help={t('config.url.help', 'Where the Grafana server reaches Tributary.')}
          placeholder={EXAMPLE}
        />
        <AddressField
          {...props}
          name="pageUrl"
          id="tributary-page-url"
          label={t('config.page.label', 'Address for people')}
          help={t(
            'config.page.help',
            'Where people open Tributary in their browser, for links to conversations. Empty: the same as the URL.'
          )}
          placeholder={jsonData.url || EXAMPLE}
        />
        <CertificateField {...props} />
      </FieldSet>
      <FieldSet label={t('config.authentication', 'Authentication')}>
        <TokenField {...props} />
      </FieldSet>
    </>
  );
}

interface AddressProps extends Props {
  name: 'url' | 'pageUrl';
  id: string;
  label: string;
  help: string;
  placeholder: string;
  required?: boolean;
}

function AddressField({ name, id, label, help, placeholder, required = false, ...props }: AddressProps) {
  const { jsonData, readOnly } = props.options;
  const value = jsonData[name] ?? '';
  const fault = faultOf(value);
  return (
    <Field
      required={required}
      label={label}
      description={help}
      invalid={Boolean(fault)}
      error={fault}
      disabled={readOnly}
    >
      <Input
        id={id}
        width={WIDTH}
        value={value}
        placeholder={placeholder}
        onChange={onUpdateDatasourceJsonDataOption(props, name)}
      />
    </Field>
  );
}

function CertificateField({ options, onOptionsChange }: Props) {
  const styles = useStyles2(getStyles);
  const { jsonData, readOnly } = options;
  const pem = jsonData.caCert?.trim();
  return (
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
          onOptionsChange({ ...options, jsonData: { ...jsonData, caCert: event.target.value } })
        }
      />
    </Field>
  );
}

function TokenField(props: Props) {
  const { secureJsonFields, secureJsonData, readOnly } = props.options;
  const isSet = Boolean(secureJsonFields?.token);
  return (
    <Field
      required
      label={t('config.token.label', 'Token')}
      description={t('config.token.help', 'Stored encrypted; only the Grafana server reads it. Reset to give another.')}
      disabled={readOnly}
    >
      {readOnly ? (
        <Input id="tributary-token" width={WIDTH} value={isSet ? t('config.token.set', 'configured') : ''} readOnly />
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
  );
}

function isPem(text = ''): boolean {
  return /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text);
}

const getStyles = (theme: GrafanaTheme2) => ({
  pem: css({ maxWidth: theme.spacing(WIDTH), fontFamily: theme.typography.fontFamilyMonospace }),
});
