// Jest setup provided by Grafana scaffolding
import './.config/jest-setup';
import i18next from 'i18next';

// Grafana has set up its translations before it loads a plugin; here they are the English of the source, and i18next advertises nothing.
i18next.init({ lng: 'en-US', resources: {}, returnEmptyString: false, showSupportNotice: false });
