import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig, devices } from '@playwright/test';
import { dirname } from 'node:path';

// These tests need a Grafana of 12.0 or later that has this plugin, and a Tributary with the demo data behind the data source `tributary`
// (`tributary grafana provision` makes both meet). They are not part of `npm run test:ci`: without GRAFANA_URL there is nothing to run
// them against, and they say so.
//
//   GRAFANA_URL=https://grafana.example.com GRAFANA_USER=admin GRAFANA_PASSWORD=… npm run e2e
//   TRIBUTARY_URL and TRIBUTARY_TOKEN let the settings of a new data source be tried too; CHROMIUM names an installed browser.
if (!process.env.GRAFANA_URL) {
  throw new Error('GRAFANA_URL is not set: these tests need a running Grafana (12.0 or later) with this plugin');
}

const pluginE2eAuth = `${dirname(require.resolve('@grafana/plugin-e2e'))}/auth`;
const user = process.env.GRAFANA_USER ?? 'admin';
const password = process.env.GRAFANA_PASSWORD ?? 'admin';

export default defineConfig<PluginOptions>({
  testDir: './tests',
  forbidOnly: !!process.env.CI,
  retries: process.env.CI ? 2 : 0,
  reporter: 'list',
  use: {
    baseURL: process.env.GRAFANA_URL,
    grafanaAPICredentials: { user, password },
    user: { user, password },
    trace: 'on-first-retry',
    launchOptions: process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {},
  },
  projects: [
    // 1. Login to Grafana and store the cookie on disk for use in other tests.
    {
      name: 'auth',
      testDir: pluginE2eAuth,
      testMatch: [/.*\.js/],
    },
    // 2. Run tests in Google Chrome, signed in as that user.
    {
      name: 'chromium',
      use: {
        ...devices['Desktop Chrome'],
        storageState: `playwright/.auth/${user}.json`,
      },
      dependencies: ['auth'],
    },
  ],
});
