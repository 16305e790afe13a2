import { loadsLocales } from './translations';

test.each([
  ['12.0.0', false],
  ['12.1.3', false],
  ['12.2.0', true],
  ['12.4.2', true],
  ['13.0.0-pre', true],
  ['', true],
])('Grafana %s loads the locales of plugins: %s', (version, wanted) => {
  expect(loadsLocales(version)).toBe(wanted);
});
