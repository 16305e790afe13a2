// force timezone to UTC to allow tests to work regardless of local timezone
// generally used by snapshots, but can affect specific tests
process.env.TZ = 'UTC';

const scaffold = require('./.config/jest.config');

const [transformer] = Object.values(scaffold.transform);

module.exports = {
  // Jest configuration provided by Grafana scaffolding
  ...scaffold,
  // A shared machine may be slow; none of the tests waits by the clock.
  testTimeout: 30_000,
  // Some of d3 come as .mjs by now, which the scaffold does not transform.
  transform: { ...scaffold.transform, '^.+\\.mjs$': transformer },
};
