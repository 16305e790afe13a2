import React from 'react';
import type { DataSourceApi, QueryEditorProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Combobox, InlineField, Input, Stack } from '@grafana/ui';
import type { TributaryOptions, TributaryQuery, VariableKind, VariableQuery } from '../types';
import { useText } from './useText';
import { LABEL_WIDTH } from './widths';

type Props = QueryEditorProps<
  DataSourceApi<TributaryQuery, TributaryOptions>,
  TributaryQuery,
  TributaryOptions,
  VariableQuery
>;

const TEAM = '$team';

/** Chooses what a dashboard variable lists. */
export function VariableQueryEditor({ query, onChange }: Props) {
  const kind = query.kind ?? 'queue';
  const [team, setTeam] = useText(query.team ?? '');
  const refId = query.refId || 'TributaryVariable';
  return (
    <Stack direction="column" gap={0.5}>
      <InlineField
        label={t('variable.kind.label', 'List')}
        labelWidth={LABEL_WIDTH}
        tooltip={t('variable.kind.help', 'Each user of the board gets what they may see in Tributary.')}
      >
        <Combobox<VariableKind>
          id="tributary-variable-kind"
          width={30}
          value={kind}
          options={[
            { value: 'queue', label: t('variable.kind.queue', 'Queues') },
            { value: 'team', label: t('variable.kind.team', 'Teams') },
            { value: 'agent', label: t('variable.kind.agent', 'Agents') },
            { value: 'channel', label: t('variable.kind.channel', 'Channels') },
            { value: 'intent', label: t('variable.kind.intent', 'Intents') },
            { value: 'page_url', label: t('variable.kind.page', 'The address of Tributary') },
          ]}
          onChange={({ value }) =>
            onChange({ ...query, refId, kind: value, team: value === 'agent' ? query.team : undefined })
          }
        />
      </InlineField>
      {kind === 'agent' && (
        <InlineField
          label={t('variable.team.label', 'Of the team')}
          labelWidth={LABEL_WIDTH}
          tooltip={t('variable.team.help', 'The id of a team, or a variable such as $team; empty for all.')}
        >
          <Input
            id="tributary-variable-team"
            width={30}
            value={team}
            placeholder={TEAM}
            onChange={(event) => setTeam(event.currentTarget.value)}
            onBlur={() => onChange({ ...query, refId, kind, team: team.trim() || undefined })}
          />
        </InlineField>
      )}
    </Stack>
  );
}
