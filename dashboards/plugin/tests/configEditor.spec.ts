import { DATASOURCE_TYPE, expect, test } from './fixtures';

test('says what is missing before Tributary is asked', async ({ createDataSourceConfigPage, page }) => {
  const configPage = await createDataSourceConfigPage({ type: DATASOURCE_TYPE });
  await page.locator('#tributary-url').fill('tributary.example.com');
  await expect(page.getByText('This is not a whole address')).toBeVisible();
  await expect(configPage.saveAndTest()).not.toBeOK();
});

test('a token that Tributary does not know is refused with what to do', async ({
  createDataSourceConfigPage,
  page,
}) => {
  const url = process.env.TRIBUTARY_URL;
  test.skip(!url, 'TRIBUTARY_URL is not set');
  const configPage = await createDataSourceConfigPage({ type: DATASOURCE_TYPE });
  await page.locator('#tributary-url').fill(url ?? '');
  await page.locator('#tributary-token').fill('nobody');
  await expect(configPage.saveAndTest()).not.toBeOK();
  await expect(configPage).toHaveAlert('error', { hasText: /token/i });
});

test('a right address and token are healthy, and the token is not shown again', async ({
  createDataSourceConfigPage,
  page,
}) => {
  const { TRIBUTARY_URL: url, TRIBUTARY_TOKEN: token } = process.env;
  test.skip(!url || !token, 'TRIBUTARY_URL and TRIBUTARY_TOKEN are not set');
  const configPage = await createDataSourceConfigPage({ type: DATASOURCE_TYPE });
  await page.locator('#tributary-url').fill(url ?? '');
  await page.locator('#tributary-token').fill(token ?? '');
  await expect(configPage.saveAndTest()).toBeOK();
  await expect(page.locator('#tributary-token')).toBeDisabled();
  await expect(page.locator('#tributary-token')).not.toHaveValue(token ?? '');
});

test('what was provisioned is healthy and cannot be changed', async ({ gotoDataSourceConfigPage, page, request }) => {
  const { readOnly } = await (await request.get('/api/datasources/uid/tributary')).json();
  const configPage = await gotoDataSourceConfigPage('tributary');
  const health = await request.get(`/api/datasources/uid/${configPage.datasource.uid}/health`);
  expect(health.ok()).toBe(true);
  test.skip(!readOnly, 'the data source of this Grafana is not provisioned');
  await expect(page.locator('#tributary-url')).toBeDisabled();
  await expect(page.locator('#tributary-token')).toBeDisabled();
});
