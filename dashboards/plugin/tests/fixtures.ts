import { type AppConfigPage, type AppPage, test as base } from '@grafana/plugin-e2e';

export const APP = 'tributarycc-tributary-app';
export const DATASOURCE_TYPE = 'tributarycc-tributary-datasource';

/** The data source of the Grafana under test, as it is provisioned. */
export const DATASOURCE_NAME = process.env.TRIBUTARY_DATASOURCE ?? 'Tributary';

interface Fixtures {
  appConfigPage: AppConfigPage;
  gotoPage: (path?: string) => Promise<AppPage>;
}

export const test = base.extend<Fixtures>({
  appConfigPage: async ({ gotoAppConfigPage }, use) => {
    await use(await gotoAppConfigPage({ pluginId: APP }));
  },
  gotoPage: async ({ gotoAppPage }, use) => {
    await use((path) => gotoAppPage({ path, pluginId: APP }));
  },
});

export { expect } from '@grafana/plugin-e2e';
