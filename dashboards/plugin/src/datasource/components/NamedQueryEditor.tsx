import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { t } from '@grafana/i18n';
import {
  Alert,
  Combobox,
  InlineField,
  InlineSwitch,
  MultiCombobox,
  RadioButtonGroup,
  Stack,
  useStyles2,
} from '@grafana/ui';
import type { TributaryDataSource } from '../datasource';
import { isFromTimeRange, paramsFor } from '../queries';
import type { ColumnInfo, Me, ParamInfo, ParamValue, QueryInfo, TributaryQuery } from '../types';
import { ParamField } from './ParamField';
import { LABEL_WIDTH } from './widths';
import { useAnswer } from './useAnswer';

const FIELD_WIDTH = 50;

interface Props {
  query: TributaryQuery;
  onChange: (query: TributaryQuery) => void;
  datasource: TributaryDataSource;
}

/** Chooses a named query, its parameters, and how its rows become frames. What may be chosen comes from Tributary. */
export function NamedQueryEditor({ query, onChange, datasource }: Props) {
  const styles = useStyles2(getStyles);
  const queries = useAnswer(() => datasource.queries(), datasource);
  const me = useAnswer(() => datasource.me(), datasource);
  const info = queries.value?.find((one) => one.name === query.query);
  const unknown = queries.value !== undefined && Boolean(query.query) && !info;
  return (
    <>
      {queries.error && (
        <Alert severity="error" title={t('query.list.failed', 'Tributary did not say which queries there are')}>
          {queries.error}
        </Alert>
      )}
      <InlineField
        label={t('query.name.label', 'Query')}
        labelWidth={LABEL_WIDTH}
        invalid={unknown}
        error={unknownText(unknown)}
      >
        <Combobox
          id={`query-${query.refId}`}
          width={FIELD_WIDTH}
          loading={queries.loading}
          value={query.query ?? null}
          placeholder={t('query.name.placeholder', 'Choose what to ask')}
          options={(queries.value ?? []).map(({ name, help }) => ({ value: name, label: name, description: help }))}
          onChange={({ value }) => onChange(renamed(query, queries.value ?? [], value))}
        />
      </InlineField>
      {info && <p className={styles.help}>{info.help}</p>}
      {info && <Params info={info} query={query} me={me.value} onChange={onChange} />}
      {info && <Shape columns={info.columns} query={query} onChange={onChange} />}
    </>
  );
}

function unknownText(unknown: boolean): string | undefined {
  return unknown ? t('query.name.unknown', 'This Tributary does not know this query.') : undefined;
}

/** Another query: columns that it has not are dropped, as they would be refused. */
function renamed(query: TributaryQuery, all: QueryInfo[], name: string): TributaryQuery {
  const info = all.find((one) => one.name === name);
  if (!info) {
    return { ...query, query: name };
  }
  const has = (column: string) => info.columns.some((one) => one.name === column);
  return {
    ...query,
    query: name,
    params: paramsFor(info, query.params),
    value: query.value?.filter(has),
    label: query.label?.filter(has),
  };
}

interface ParamsProps {
  info: QueryInfo;
  query: TributaryQuery;
  me?: Me;
  onChange: (query: TributaryQuery) => void;
}

function Params({ info, query, me, onChange }: ParamsProps) {
  const field = (param: ParamInfo) => (
    <ParamField
      key={`${info.name}/${param.name}`}
      id={`param-${query.refId}-${param.name}`}
      param={param}
      value={query.params?.[param.name]}
      me={me}
      placeholder={
        isFromTimeRange(param) ? t('query.params.from-time-range', 'from the time range') : t('query.params.all', 'all')
      }
      onChange={(value) => onChange({ ...query, params: changed(query.params, param.name, value) })}
    />
  );
  return (
    <>
      <Stack direction="row" wrap="wrap" gap={0.5}>
        {info.params.filter((param) => !isFromTimeRange(param)).map(field)}
      </Stack>
      <Stack direction="row" wrap="wrap" gap={0.5}>
        {info.params.filter(isFromTimeRange).map(field)}
      </Stack>
    </>
  );
}

/** A parameter that the time range fills is left out when it is emptied. */
function changed(params: TributaryQuery['params'], name: string, value: ParamValue | undefined) {
  const next = { ...params };
  if (value === undefined) {
    delete next[name];
  } else {
    next[name] = value;
  }
  return next;
}

interface ShapeProps {
  columns: ColumnInfo[];
  query: TributaryQuery;
  onChange: (query: TributaryQuery) => void;
}

function Shape({ columns, query, onChange }: ShapeProps) {
  const options = columns.map(({ name, help }) => ({ value: name, label: name, description: help }));
  const format = query.format ?? 'table';
  return (
    <>
      <Stack direction="row" wrap="wrap" gap={0.5}>
        <InlineField
          label={t('query.format.label', 'Format')}
          labelWidth={LABEL_WIDTH}
          tooltip={t('query.format.help', 'A table as Tributary answers it, or a line for each value and label.')}
        >
          <RadioButtonGroup<'table' | 'series'>
            value={format}
            options={[
              { value: 'table', label: t('query.format.table', 'Table') },
              { value: 'series', label: t('query.format.series', 'Time series') },
            ]}
            onChange={(value) => onChange({ ...query, format: value })}
          />
        </InlineField>
        <InlineField
          label={t('query.align.label', 'Share answers')}
          tooltip={t(
            'query.align.help',
            'Rounds the time range to whole intervals, so that everybody who looks at the board shares one answer. Switch it off for exact times.'
          )}
        >
          <InlineSwitch
            id={`align-${query.refId}`}
            value={query.align ?? true}
            onChange={(event) => onChange({ ...query, align: event.currentTarget.checked })}
          />
        </InlineField>
      </Stack>
      {format === 'series' && (
        <Stack direction="row" wrap="wrap" gap={0.5}>
          <InlineField
            label={t('query.value.label', 'Values')}
            labelWidth={LABEL_WIDTH}
            tooltip={t('query.value.help', 'The columns that are drawn.')}
          >
            <MultiCombobox
              id={`value-${query.refId}`}
              width="auto"
              minWidth={FIELD_WIDTH}
              maxWidth={100}
              value={query.value ?? []}
              options={options}
              placeholder={t('query.value.placeholder', 'Choose columns')}
              onChange={(chosen) => onChange({ ...query, value: chosen.map(({ value }) => value) })}
            />
          </InlineField>
          <InlineField
            label={t('query.series-label.label', 'A line for each')}
            tooltip={t('query.series-label.help', 'The columns whose values name the lines, such as queue.')}
          >
            <MultiCombobox
              id={`label-${query.refId}`}
              width="auto"
              minWidth={30}
              maxWidth={60}
              value={query.label ?? []}
              options={options}
              placeholder={t('query.series-label.placeholder', 'queue, agent …')}
              onChange={(chosen) => onChange({ ...query, label: chosen.map(({ value }) => value) })}
            />
          </InlineField>
        </Stack>
      )}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  help: css({
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    margin: theme.spacing(0, 0, 0.5, 0),
    maxWidth: '90ch',
  }),
});
