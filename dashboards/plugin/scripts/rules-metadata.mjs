// What plugin.json must be: the parts of Grafana's published schema that this plugin uses, and what the validator and the catalog add.
import path from 'node:path';

// The names of the schema, less those that are Grafana's own or deprecated. Another name is a mistake: Grafana would not read it.
const KEYS = [
  '$schema',
  'alerting',
  'annotations',
  'autoEnabled',
  'backend',
  'buildMode',
  'category',
  'dependencies',
  'executable',
  'extensions',
  'iam',
  'id',
  'includes',
  'info',
  'languages',
  'logs',
  'metrics',
  'name',
  'preload',
  'queryOptions',
  'roles',
  'routes',
  'skipDataQuery',
  'streaming',
  'tracing',
  'type',
];
const INFO_KEYS = ['author', 'build', 'description', 'keywords', 'links', 'logos', 'screenshots', 'updated', 'version'];
const INCLUDE_KEYS = ['action', 'addToNav', 'component', 'defaultNav', 'icon', 'name', 'path', 'role', 'type', 'uid'];
const CATEGORIES = ['tsdb', 'logging', 'cloud', 'tracing', 'profiling', 'sql', 'enterprise', 'iot', 'other'];
const ROLES = [undefined, 'Admin', 'Editor', 'Viewer', 'None'];

export function metadataRules({ file, folder, plugin }, { version, exists, fault }) {
  const say = (what) => fault(file, what);
  const unknown = (object, keys) => Object.keys(object ?? {}).filter((key) => !keys.includes(key));
  unknown(plugin, KEYS).forEach((key) => say(`${key} is not in the schema`));
  unknown(plugin.info, INFO_KEYS).forEach((key) => say(`info.${key} is not in the schema`));
  if (JSON.stringify(plugin).match(/%(VERSION|TODAY|PLUGIN_ID)%/)) {
    say('a placeholder was not filled in');
  }
  identity(plugin, say);
  information(plugin.info ?? {}, { version, folder, exists, say });
  if (plugin.type === 'app' && !(plugin.info?.screenshots?.length > 0)) {
    say('info.screenshots is empty: the catalog shows what the boards look like');
  }
  if (!/^(>=|\^|~)?\d+\.\d+\.\d+( .+)?$/.test(plugin.dependencies?.grafanaDependency ?? '')) {
    say('dependencies.grafanaDependency must be a range of versions');
  } else if (/^\d/.test(plugin.dependencies.grafanaDependency)) {
    say('dependencies.grafanaDependency allows one version only');
  }
  if (
    plugin.type === 'datasource' &&
    (!CATEGORIES.includes(plugin.category) || !(plugin.metrics || plugin.logs || plugin.tracing))
  ) {
    say('a data source has a category of the list, and answers metrics, logs or traces');
  }
  for (const language of plugin.languages ?? []) {
    const name = path.posix.join(folder, 'locales', language, `${plugin.id}.json`);
    if (!/^[a-z]{2}-[A-Z][A-Za-z]+$/.test(language) || !exists(name)) {
      say(`the language ${language} has no ${name}`);
    }
  }
  (plugin.includes ?? []).forEach((include) => includeRules(include, plugin, { unknown, say }));
}

function identity({ id, name, type }, say) {
  if (!/^[0-9a-z]+-[0-9a-z]+-(app|panel|datasource)$/.test(id ?? '')) {
    say('id must be organisation-name-type, in lower case');
  }
  if (!id?.endsWith(`-${type}`)) {
    say(`id does not end with its type, ${type}`);
  }
  if (!name || name === id) {
    say('name must be one that people read');
  }
}

function information(info, { version, folder, exists, say }) {
  if (info.version !== version) {
    say(`info.version ${info.version} is not ${version}, that of package.json`);
  }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(info.updated ?? '')) {
    say('info.updated must be a date');
  }
  if (!info.description || !info.author?.name || !(info.keywords?.length > 0)) {
    say('info.description, info.author.name and info.keywords are needed');
  }
  const images = [info.logos?.small, info.logos?.large, ...(info.screenshots ?? []).map((one) => one.path)];
  for (const image of images) {
    if (!image || /^[./]|:/.test(image) || !exists(path.posix.join(folder, image))) {
      say(`the image ${image} is not there, or its path is not relative without a leading dot`);
    }
  }
  if (![info.logos?.small, info.logos?.large].every((logo) => logo?.endsWith('.svg'))) {
    say('logos must be SVG');
  }
  for (const { name, path: picture } of info.screenshots ?? []) {
    if (!name || !/\.(png|jpe?g|webp|gif|svg)$/.test(picture ?? '')) {
      say(`the screenshot ${picture} has no name, or is no picture`);
    }
  }
  for (const { name, url } of info.links ?? []) {
    if (!name || !/^https:\/\//.test(url ?? '')) {
      say(`the link ${name} must be https`);
    }
  }
}

function includeRules(include, plugin, { unknown, say }) {
  const { name, path: target, type, role, defaultNav } = include;
  unknown(include, INCLUDE_KEYS).forEach((key) => say(`includes.${key} is not in the schema`));
  if (!['dashboard', 'page', 'panel', 'datasource'].includes(type) || !name || !target || !ROLES.includes(role)) {
    say(`the include ${name} needs a type, a name, a path, and a role that there is`);
  }
  if (type === 'page' && !target?.match(`^/(a|plugins)/${plugin.id}(/|$)`)) {
    say(`the page ${name} is not under /a/${plugin.id}`);
  }
  if (defaultNav && type !== 'page' && type !== 'dashboard') {
    say(`the include ${name} cannot be the first page`);
  }
}
