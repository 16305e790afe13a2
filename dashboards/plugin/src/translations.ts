import { type ResourceLoader, type Resources, initPluginTranslations } from '@grafana/i18n';
import { config } from '@grafana/runtime';

type Locales = Record<string, Resources | (() => Promise<{ default: Resources }>)>;

/**
 * Grafana itself loads a plugin's locales from 12.2 on (12.1 only behind the toggle localizationForPlugins). For those before, the
 * plugin brings its own; a language it does not have falls back to the English of the source.
 */
export function initTranslations(pluginId: string, locales: Locales): Promise<unknown> {
  const load: ResourceLoader = async (language) => {
    const locale = locales[language];
    return typeof locale === 'function' ? (await locale()).default : (locale ?? {});
  };
  return initPluginTranslations(pluginId, loadsLocales(config.buildInfo?.version) ? [] : [load]);
}

/** Tells whether this Grafana loads locales of plugins; one whose version is not readable is taken for a new one. */
export function loadsLocales(version = ''): boolean {
  const [major, minor] = version.split('.').map((part) => parseInt(part, 10));
  if (Number.isNaN(major) || Number.isNaN(minor) || minor === undefined) {
    return true;
  }
  return major > 12 || (major === 12 && minor >= 2);
}
