import React, { Suspense, lazy } from 'react';
import { AppPlugin, type AppRootProps, type PluginConfigPageProps, type AppPluginMeta } from '@grafana/data';
import { t } from '@grafana/i18n';
import { LoadingPlaceholder } from '@grafana/ui';
import { APP_ID } from './constants';
import { initTranslations } from './translations';

await initTranslations(APP_ID, {
  'en-US': () => import('./locales/en-US/tributarycc-tributary-app.json'),
  'zh-Hans': () => import('./locales/zh-Hans/tributarycc-tributary-app.json'),
});

const LazyApp = lazy(() => import('./components/App/App'));
const LazyAppConfig = lazy(() => import('./components/AppConfig/AppConfig'));

const App = (props: AppRootProps) => (
  <Suspense fallback={<LoadingPlaceholder text="" />}>
    <LazyApp {...props} />
  </Suspense>
);

const AppConfig = (props: PluginConfigPageProps<AppPluginMeta>) => (
  <Suspense fallback={<LoadingPlaceholder text="" />}>
    <LazyAppConfig {...props} />
  </Suspense>
);

export const plugin = new AppPlugin().setRootPage(App).addConfigPage({
  // The translations stand: the line above has waited for them.
  // eslint-disable-next-line @grafana/i18n/no-translation-top-level
  title: t('config.title', 'Configuration'),
  icon: 'cog',
  body: AppConfig,
  id: 'configuration',
});
