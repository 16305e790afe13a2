import React from 'react';
import { t } from '@grafana/i18n';
import { getTemplateSrv } from '@grafana/runtime';
import { Combobox, type ComboboxOption, InlineField, Input } from '@grafana/ui';
import { inLanguage } from '../intents';
import { isFromTimeRange, isMistyped, isNumber, typed } from '../queries';
import type { Me, Named, ParamInfo, ParamValue } from '../types';
import { useText } from './useText';

const LABEL_WIDTH = 20;
const TEXT_WIDTH = 26;
const NUMBER_WIDTH = 20;
const ZERO = '0';

interface Props {
  id: string;
  param: ParamInfo;
  value: ParamValue | undefined;
  me?: Me;
  placeholder: string;
  /** Undefined: the parameter is left to the time range. */
  onChange: (value: ParamValue | undefined) => void;
}

/** One parameter: chosen from what the user may see where it names such a thing, else typed. Both take variables. */
export function ParamField({ id, param, value, me, placeholder, onChange }: Props) {
  const [text, setText] = useText(String(value ?? ''));
  const invalid = isMistyped(param, text);
  const help = `${param.help} (${param.type})`;
  const known = knownValues(param, me);
  const commit = () => {
    const next = text.trim() === '' && isFromTimeRange(param) ? undefined : typed(param, text);
    if (!invalid && next !== value) {
      onChange(next);
    }
  };
  return (
    <InlineField
      label={param.name}
      labelWidth={LABEL_WIDTH}
      tooltip={help}
      invalid={invalid}
      error={invalid ? t('query.params.mistyped', 'A whole number, or a variable such as $target.') : undefined}
    >
      {known ? (
        <Combobox<string>
          id={id}
          width={TEXT_WIDTH}
          createCustomValue
          isClearable
          value={text === '' ? null : text}
          options={known}
          placeholder={placeholder}
          onChange={(option) => onChange(option?.value ?? '')}
        />
      ) : (
        <Input
          id={id}
          width={isNumber(param) ? NUMBER_WIDTH : TEXT_WIDTH}
          value={text}
          placeholder={isNumber(param) && !isFromTimeRange(param) ? ZERO : placeholder}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={commit}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
      )}
    </InlineField>
  );
}

/** What can stand for a parameter that names a queue, a team, an agent, a channel or an intent: variables first. */
function knownValues(param: ParamInfo, me?: Me): Array<ComboboxOption<string>> | undefined {
  const things: Record<string, Named[] | undefined> = {
    queue: me?.queues,
    team: me?.teams,
    agent: me?.agents,
    intent: me && inLanguage(me.intents),
    channel: me?.channels.map((channel) => ({ id: channel, name: channel })),
  };
  if (!(param.name in things)) {
    return undefined;
  }
  const variables = getTemplateSrv()
    .getVariables()
    .map(({ name }) => ({ value: `$${name}`, label: `$${name}` }));
  const named = (things[param.name] ?? []).map(({ id, name }) => ({
    value: id,
    label: name || id,
    description: name && name !== id ? id : undefined,
  }));
  return [...variables, ...named];
}
