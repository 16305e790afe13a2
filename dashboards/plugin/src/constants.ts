import pluginJson from './plugin.json';

export const APP_ID = pluginJson.id;
/** The data source that the boards ask, as provisioned. */
export const DATASOURCE_UID = 'tributary';
export const DATASOURCE_ID = 'tributarycc-tributary-datasource';

/** The boards that come with the plugin; the Chinese one of each has the same uid with -zh behind it. */
export const BOARDS = ['tributary-wallboard', 'tributary-queues', 'tributary-contacts'] as const;
export type Board = (typeof BOARDS)[number];
export const CHINESE = '-zh';
