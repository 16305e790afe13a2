// Stands in for Grafana's page: it gives the built plugin the same shared modules, by SystemJS and its AMD extra as Grafana does, sets
// the services of @grafana/runtime to ones that answer made-up data, and shows one scene in a theme and a language.
import * as emotionCss from '@emotion/css';
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import i18next from 'i18next';
import * as React from 'react';
import * as ReactDOM from 'react-dom';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom-v5-compat';
import * as rxjs from 'rxjs';
import { me, queries } from './data';
import type { Scene } from './scenes';

declare const System: {
  set(id: string, module: unknown): void;
  import(url: string): Promise<Record<string, unknown>>;
  addImportMap(map: { imports: Record<string, string> }): void;
};

const APP = 'tributarycc-tributary-app';
const DATASOURCE = 'tributarycc-tributary-datasource';

const shared: Record<string, unknown> = {
  '@emotion/css': emotionCss,
  '@grafana/data': data,
  '@grafana/runtime': runtime,
  '@grafana/ui': ui,
  i18next: { ...i18next, default: i18next, __useDefault: true },
  react: { ...React, default: React, __useDefault: true },
  'react-dom': { ...ReactDOM, default: ReactDOM, __useDefault: true },
  rxjs,
};

/** What the plugin asks of Grafana and of its own backend, by path. */
function answer(url: string, scene: Scene): unknown {
  if (url.endsWith('/resources/me')) {
    return me;
  }
  if (url.endsWith('/resources/queries')) {
    return { queries };
  }
  if (url.endsWith('/health')) {
    return scene.health ?? { status: 'OK', message: 'Tributary 0.9.0 answers; tenant demo.' };
  }
  if (url === '/api/search') {
    return scene.boards ?? [];
  }
  throw new Error(`nothing answers ${url}`);
}

function setServices(scene: Scene) {
  const fetch = ({ url }: { url: string }) => {
    try {
      return rxjs.of({ data: answer(url, scene) });
    } catch (error) {
      return rxjs.throwError(() => error);
    }
  };
  runtime.setBackendSrv({
    get: async (url: string) => answer(url, scene),
    fetch,
  } as unknown as runtime.BackendSrv);
  runtime.setDataSourceSrv({
    getList: () => scene.sources ?? [],
    getInstanceSettings: () => undefined,
  } as unknown as runtime.DataSourceSrv);
  runtime.setTemplateSrv({
    getVariables: () => [{ name: 'queue' }, { name: 'target' }],
    replace: (text?: string) => text ?? '',
    containsTemplate: () => false,
    updateTimeRange: () => undefined,
  } as unknown as runtime.TemplateSrv);
}

async function setLanguage(language: string, grafana: string) {
  await i18next.init({
    lng: language,
    fallbackLng: 'en-US',
    supportedLngs: ['en-US', 'zh-Hans'],
    // Grafana's own words, as there: without any, i18next takes the language for one it does not speak.
    resources: { [language]: { grafana: { home: '' } } },
    partialBundledLanguages: true,
    returnEmptyString: false,
  });
  runtime.config.buildInfo.version = grafana;
  Object.assign(runtime.config.bootData.user, { language, orgRole: 'Admin' });
  // From 12.2 on Grafana has loaded the plugin's locales before it loads the plugin.
  if (!grafana.startsWith('12.0')) {
    for (const [id, path] of [
      [APP, APP],
      [DATASOURCE, `${APP}/datasource`],
    ]) {
      const locale = await fetch(`/public/plugins/${path}/locales/${language}/${id}.json`);
      i18next.addResourceBundle(language, id, await locale.json(), true, false);
    }
  }
}

async function load(path: string) {
  const module = await System.import(new URL(`/public/plugins/${path}/module.js`, location.href).href);
  // Grafana's own import hook: an AMD module is its default, which for an asynchronous one is a promise.
  return (module.__useDefault ? await module.default : module) as { plugin: any };
}

async function element(scene: Scene): Promise<React.ReactElement> {
  if (scene.of === 'app') {
    const { plugin } = await load(APP);
    const Page = scene.part === 'config' ? plugin.configPages[0].body : plugin.root;
    return <Page plugin={{ meta: { id: APP } }} meta={{ id: APP }} query={{}} />;
  }
  const { plugin } = await load(`${APP}/datasource`);
  if (scene.part === 'config') {
    return <Held part={plugin.components.ConfigEditor} name="options" change="onOptionsChange" value={scene.value} />;
  }
  const datasource = new plugin.DataSourceClass({
    uid: 'tributary',
    type: DATASOURCE,
    name: 'Tributary',
    jsonData: {},
    meta: { id: DATASOURCE },
  });
  const part = {
    query: plugin.components.QueryEditor,
    variable: datasource.variables.editor,
    annotation: datasource.annotations.QueryEditor,
  }[scene.part as 'query' | 'variable' | 'annotation'];
  return (
    <Held
      part={part}
      name="query"
      change="onChange"
      value={scene.value}
      more={{ datasource, onRunQuery: () => undefined }}
    />
  );
}

/** Keeps what an editor changes, as Grafana's page does. */
function Held({
  part: Part,
  name,
  change,
  value,
  more = {},
}: {
  part: React.ComponentType<any>;
  name: string;
  change: string;
  value: unknown;
  more?: object;
}) {
  const [held, setHeld] = React.useState(value);
  (window as any).held = held;
  return <Part {...more} {...{ [name]: held, [change]: setHeld }} />;
}

async function show(scene: Scene, mode: 'light' | 'dark', language: string, grafana: string) {
  for (const [name, module] of Object.entries(shared)) {
    System.set(`package:${name}`, module);
  }
  System.addImportMap({ imports: Object.fromEntries(Object.keys(shared).map((name) => [name, `package:${name}`])) });
  setServices(scene);
  await setLanguage(language, grafana);
  document.documentElement.lang = language;
  const theme = data.createTheme({ colors: { mode } });
  const content = await element(scene);
  createRoot(document.getElementById('root')!).render(
    <data.ThemeContext.Provider value={theme}>
      <ui.GlobalStyles />
      <div style={{ padding: 24, background: theme.colors.background.primary, minHeight: '100vh' }}>
        <MemoryRouter>{content}</MemoryRouter>
      </div>
    </data.ThemeContext.Provider>
  );
}

(window as any).show = show;
