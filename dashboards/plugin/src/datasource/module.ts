import { DataSourcePlugin } from '@grafana/data';
import { initTranslations } from '../translations';
import { ConfigEditor } from './components/ConfigEditor';
import { QueryEditor } from './components/QueryEditor';
import { TributaryDataSource } from './datasource';
import english from './locales/en-US/tributarycc-tributary-datasource.json';
import chinese from './locales/zh-Hans/tributarycc-tributary-datasource.json';
import pluginJson from './plugin.json';
import type { TributaryOptions, TributaryQuery, TributarySecureOptions } from './types';

// Nothing here is loaded later: a nested plugin's own path in Grafana does not lead to the chunks of the whole build.
await initTranslations(pluginJson.id, { 'en-US': english, 'zh-Hans': chinese });

export const plugin = new DataSourcePlugin<
  TributaryDataSource,
  TributaryQuery,
  TributaryOptions,
  TributarySecureOptions
>(TributaryDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
