// Builds the stand-in for Grafana's page that `npm run look` loads the built plugin into. For developers; nothing of it is shipped.
import path from 'node:path';
import webpack from 'webpack';

const here = import.meta.dirname;

export default {
  mode: 'development',
  devtool: false,
  context: here,
  entry: './shell.tsx',
  output: { path: path.join(here, 'dist'), filename: 'shell.js', publicPath: '/harness/' },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        use: {
          loader: 'swc-loader',
          options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: true } } },
        },
      },
      { test: /\.m?js$/, resolve: { fullySpecified: false } },
      { test: /\.(css|svg|ttf|woff2?)$/, type: 'asset/source' },
    ],
  },
  plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
  resolve: { extensions: ['.tsx', '.ts', '.mjs', '.js'], fallback: { buffer: false, stream: false } },
  cache: { type: 'filesystem', cacheDirectory: path.join(here, '..', 'node_modules', '.cache', 'harness') },
  performance: { hints: false },
};
