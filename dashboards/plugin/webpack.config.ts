// What this plugin adds to Grafana's scaffolded build (.config is left as it was scaffolded):
//  - the boards, which are generated next door, go into dist/dashboards, where plugin.json's includes name them;
//  - the logo of the nested data source, which the scaffold copies for the app only;
//  - the date in plugin.json is that of SOURCE_DATE_EPOCH (the Makefile gives the last commit's), so that the same source
//    builds the same bytes on any day.
import CopyWebpackPlugin from 'copy-webpack-plugin';
import path from 'path';
import ReplaceInFileWebpackPlugin from 'replace-in-file-webpack-plugin';
import type { Configuration } from 'webpack';

import scaffold, { type Env } from './.config/webpack/webpack.config.ts';

const boards = path.resolve(process.cwd(), '../boards');

function dateOfBuild(): string {
  const epoch = Number(process.env.SOURCE_DATE_EPOCH);
  const date = Number.isFinite(epoch) && epoch > 0 ? new Date(epoch * 1000) : new Date();
  return date.toISOString().substring(0, 10);
}

const config = async (env: Env): Promise<Configuration> => {
  const base = await scaffold(env);
  for (const plugin of base.plugins ?? []) {
    if (plugin instanceof ReplaceInFileWebpackPlugin) {
      for (const rule of plugin.options.flatMap((option) => option.rules)) {
        if (String(rule.search).includes('TODAY')) {
          rule.replace = dateOfBuild();
        }
      }
    }
  }
  base.plugins?.push(
    new CopyWebpackPlugin({
      patterns: [
        { from: '*.json', context: boards, to: 'dashboards', noErrorOnMissing: true },
        { from: 'datasource/img/*', to: '.' },
      ],
    })
  );
  return base;
};

export default config;
