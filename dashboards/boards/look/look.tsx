// Draws a board's panels with Grafana's own components, transformations and field configuration, over frames of the real back end. It is
// not Grafana: the panel plugins (stat, table, timeseries) live in its core and are stood in for below, and so are its variables. Its newer table needs another
// react-data-grid than npm has for this React, so the older one draws.
import {
  type DataFrame, FieldConfigOptionsRegistry, type FieldConfigPropertyItem, FieldType, ThemeContext, applyFieldOverrides, createTheme, dataFrameFromJSON, formattedValueToString,
  getFieldDisplayValues, getFieldDisplayValuesProxy, standardTransformers, standardTransformersRegistry, transformDataFrame, fieldReducers, VizOrientation, identityOverrideProcessor, getDisplayProcessor,
} from '@grafana/data';
import { BigValue, PanelChrome, Table as GrafanaTable, TimeSeries, VizRepeater, LegendDisplayMode, GlobalStyles } from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { firstValueFrom } from 'rxjs';
import get from 'lodash/get';
import plotStyle from 'uplot/dist/uPlot.min.css';

declare global { interface Window { look: any } }
const { board, frames, from, to, dark, width } = window.look;
const theme = createTheme({ colors: { mode: dark ? 'dark' : 'light' } });
window.look.links = [];
window.look.unresolved = [];

standardTransformersRegistry.setInit(() => [...new Map(Object.values(standardTransformers).map((t: any) => [t.id, t])).values()].map((t: any) => ({ id: t.id, name: t.name, transformation: t, aliasIds: [], editor: null })) as any);

// Every property is taken as it is, at its path.
class AnyProperty extends FieldConfigOptionsRegistry {
  getIfExists(id: string | undefined): FieldConfigPropertyItem | undefined {
    if (!id) return undefined;
    const isCustom = id.startsWith('custom.');
    const path = isCustom ? id.slice('custom.'.length) : id;
    return { id, path, name: id, isCustom, process: identityOverrideProcessor, shouldApply: () => true, override: () => null as any, editor: () => null as any } as any;
  }
  list() {
    const custom = [...new Set(board.panels.flatMap((p: any) => Object.keys(p.fieldConfig?.defaults.custom ?? {})))];
    return [...'unit decimals min max noValue color mappings thresholds links displayName description filterable'.split(' '), ...custom.map((c) => `custom.${c}`)]
      .map((id) => this.getIfExists(id)!);
  }
}
const registry = new AnyProperty(() => []);

const chosen: Record<string, string> = { page_url: 'https://tributary.example.com' };
const all = new Set<string>();
for (const v of board.templating.list) {
  if (v.name in chosen) continue;
  const value = v.current?.value ?? '';
  if (value === '$__all') { all.add(v.name); chosen[v.name] = v.allValue ?? '.*'; } else chosen[v.name] = value;
}

// Grafana's variables, and the macros of links, as far as the boards use them.
function replace(text = '', scoped: any = {}): string {
  return text.replace(/\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}|\$(\w+)/g, (match, name, path, format, bare) => {
    const variable = name ?? bare;
    const context = scoped.__dataContext?.value;
    switch (variable) {
      case '__from': return String(from);
      case '__to': return String(to);
      case '__value': {
        const { field, frame, rowIndex, calculatedValue } = context ?? {};
        if (path === 'time') return String(frame?.fields.find((f: any) => f.type === FieldType.time)?.values[rowIndex] ?? '');
        return String(rowIndex === undefined ? calculatedValue?.numeric : field.values[rowIndex]);
      }
      case '__data': {
        if (context?.rowIndex === undefined) return match;
        const fields = getFieldDisplayValuesProxy({ frame: context.frame, rowIndex: context.rowIndex } as any);
        return String(get({ fields }, path) ?? '');
      }
      case '__field': return String(get({ labels: context.field.labels }, path) ?? '');
    }
    if (!(variable in chosen)) { window.look.unresolved.push(match); return match; }
    if (format === 'queryparam') return `var-${variable}=${all.has(variable) ? '$__all' : encodeURIComponent(chosen[variable])}`;
    return chosen[variable];
  });
}

async function prepare(panel: any): Promise<DataFrame[]> {
  let data = (frames[panel.id] ?? []).map((json: any) => dataFrameFromJSON(json));
  if (panel.transformations?.length) {
    const configs = JSON.parse(replace(JSON.stringify(panel.transformations)));
    data = await firstValueFrom(transformDataFrame(configs, data, { interpolate: (v: string) => replace(v) }));
  }
  return applyFieldOverrides({ data, fieldConfig: panel.fieldConfig, fieldConfigRegistry: registry, replaceVariables: replace as any, theme, timeZone: 'utc' });
}

function note(panel: any, data: DataFrame[]) {
  for (const frame of data) {
    for (const field of frame.fields) {
      for (const row of [0, frame.length - 1]) {
        if (row < 0 || field.config.custom?.hideFrom?.viz) continue;
        for (const l of field.getLinks?.({ valueRowIndex: row }) ?? []) {
          window.look.links.push([panel.title, field.name, row, l.href]);
        }
      }
    }
  }
}

function Stat({ panel, data, width, height }: any) {
  const values = getFieldDisplayValues({ fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: replace as any, theme, data, timeZone: 'utc' });
  return (
    <VizRepeater
      width={width} height={height} source={data} getValues={() => values} renderCounter={0} autoGrid={true}
      orientation={panel.options.orientation === 'horizontal' ? VizOrientation.Horizontal : VizOrientation.Auto}
      renderValue={({ value, width, height }: any) => (
        <BigValue value={value.display} width={width} height={height} theme={theme} colorMode={panel.options.colorMode} graphMode={panel.options.graphMode}
          justifyMode={panel.options.justifyMode} textMode={panel.options.textMode} text={panel.options.text} wideLayout={panel.options.wideLayout} />
      )}
    />
  );
}

function Table({ panel, data, width, height }: any) {
  const frame = data[0];
  if (!frame?.length) return <div style={{ padding: 16 }}>{panel.fieldConfig.defaults.noValue}</div>;
  return (
    <GrafanaTable data={frame} width={width} height={height} cellHeight={panel.options.cellHeight} initialSortBy={panel.options.sortBy}
      fieldConfig={panel.fieldConfig} timeRange={range as any} ariaLabel={panel.title} replaceVariables={replace as any} />
  );
}

const day = (ms: number): any => ({ valueOf: () => ms, toISOString: () => new Date(ms).toISOString() });
const range = { from: day(from), to: day(to), raw: { from: day(from), to: day(to) } };

function Lines({ panel, data, width, height }: any) {
  const times = panel.id && panel.targets[0].query === 'queue_by_minute' ? { ...range, from: day(to - 30 * 60_000) } : range;
  const ready = data.map((f: DataFrame) => ({ ...f, fields: f.fields.filter((x) => x.type === FieldType.time || x.type === FieldType.number) }));
  if (!ready.some((f: DataFrame) => f.fields.length > 1 && f.length > 0)) return <div style={{ padding: 16 }}>{panel.fieldConfig.defaults.noValue}</div>;
  return (
    <TimeSeries frames={ready} structureRev={1} timeRange={times as any} timeZone="utc" width={width} height={height} options={panel.options}
      legend={{ ...panel.options.legend, displayMode: LegendDisplayMode.List }}>{() => <></>}</TimeSeries>
  );
}

const kinds: Record<string, any> = { stat: Stat, table: Table, timeseries: Lines };

async function main() {
  const wrapped = '[role=columnheader] * { white-space: normal; font-size: 11px; line-height: 1 }'; // the newer table wraps headers by itself
  document.head.append(Object.assign(document.createElement('style'), { textContent: plotStyle + wrapped }));
  const phone = width < 769;
  const cell = (width - 16) / 24;
  const ready = await Promise.all(board.panels.map(async (p: any) => ({ p, data: p.type === 'row' ? [] : await prepare(p) })));
  for (const { p, data } of ready) note(p, data);
  let below = 8;
  const placed = ready.map(({ p, data }) => {
    const g = p.gridPos;
    const h = g.h * 38 - 8;
    const at = phone ? { left: 8, top: below, width: width - 16, height: h } : { left: 8 + g.x * cell, top: 8 + g.y * 38, width: g.w * cell - 8, height: h };
    below += h + 8;
    return { p, data, at };
  });
  const tall = Math.max(...placed.map(({ at }) => at.top + at.height)) + 8;
  const root = document.getElementById('root')!;
  root.style.cssText = `position:relative;width:${width}px;height:${tall}px;background:${theme.colors.background.canvas};color:${theme.colors.text.primary};font-family:${theme.typography.fontFamily};font-size:14px`;
  createRoot(root).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {placed.map(({ p, data, at }) => {
        const Kind = kinds[p.type];
        return (
          <div key={p.id} style={{ position: 'absolute', ...at }}>
            {p.type === 'row' ? <h4 style={{ margin: 4 }}>{p.title}</h4> : (
              <PanelChrome title={p.title} description={p.description} width={at.width} height={at.height} padding={p.type === 'table' ? 'none' : 'md'}>
                {(w: number, h: number) => <Kind panel={p} data={data} width={w} height={h} />}
              </PanelChrome>
            )}
          </div>
        );
      })}
    </ThemeContext.Provider>
  );
  setTimeout(() => { window.look.done = true; }, 1500);
}
main().catch((e) => { window.look.failed = String(e?.stack ?? e); });
