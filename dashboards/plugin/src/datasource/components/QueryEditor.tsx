import React from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Alert, InlineField, RadioButtonGroup, Stack } from '@grafana/ui';
import type { TributaryDataSource } from '../datasource';
import { DEFAULT_QUERY } from '../queries';
import type { QueryKind, TributaryOptions, TributaryQuery } from '../types';
import { NamedQueryEditor } from './NamedQueryEditor';
import { LABEL_WIDTH } from './widths';

type Props = QueryEditorProps<TributaryDataSource, TributaryQuery, TributaryOptions>;

/** Chooses between the named queries and the live wallboard. */
export function QueryEditor({ query, onChange, onRunQuery, datasource }: Props) {
  const kind = query.kind ?? 'named';
  const change = (next: TributaryQuery) => {
    onChange(next);
    onRunQuery();
  };
  const changeKind = (next: QueryKind) =>
    change(next === 'named' && !query.query ? { ...DEFAULT_QUERY, ...query, kind: next } : { ...query, kind: next });
  return (
    <Stack direction="column" gap={0.5}>
      <InlineField label={t('query.kind.label', 'Show')} labelWidth={LABEL_WIDTH}>
        <RadioButtonGroup<QueryKind>
          value={kind}
          options={[
            { value: 'named', label: t('query.kind.named', 'Named query') },
            { value: 'wallboard', label: t('query.kind.wallboard', 'Live wallboard') },
          ]}
          onChange={changeKind}
        />
      </InlineField>
      {kind === 'named' && <NamedQueryEditor query={query} onChange={change} datasource={datasource} />}
      {kind === 'wallboard' && (
        <Alert severity="info" title={t('query.live.title', 'The queues as they are now')}>
          {t(
            'query.live.text',
            'Follows Tributary within a second of each event: who waits, since when, who is free, and the service level of the last 30 minutes. You see the queues that you may see in Tributary. The time range does not matter.'
          )}
        </Alert>
      )}
    </Stack>
  );
}
