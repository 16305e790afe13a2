import { DATASOURCE_NAME, expect, test } from './fixtures';

test('a named query is chosen with its help and shown as a table', async ({ panelEditPage, page }) => {
  await panelEditPage.datasource.set(DATASOURCE_NAME);
  await panelEditPage.setVisualization('Table');
  const row = panelEditPage.getQueryEditorRow('A');
  await row.getByLabel('Query', { exact: true }).click();
  await page.getByRole('option', { name: /^queue_now/ }).click();
  await expect(row.getByText(/queue/i).first()).toBeVisible();
  await expect(panelEditPage.refreshPanel()).toBeOK();
  await expect(panelEditPage.panel.fieldNames).toContainText(['queue']);
});

test('a number that is none is said to be so, and not asked', async ({ panelEditPage, page }) => {
  await panelEditPage.datasource.set(DATASOURCE_NAME);
  const row = panelEditPage.getQueryEditorRow('A');
  const target = row.getByLabel('target_ms');
  await target.fill('20 s');
  await target.blur();
  await expect(page.getByText('A whole number, or a variable')).toBeVisible();
});

test('the live wallboard comes without a refresh', async ({ panelEditPage }) => {
  await panelEditPage.datasource.set(DATASOURCE_NAME);
  await panelEditPage.setVisualization('Table');
  await panelEditPage.getQueryEditorRow('A').getByText('Live wallboard').click();
  await expect(panelEditPage.panel.fieldNames).toContainText(['waiting']);
  await expect(panelEditPage.panel.getErrorIcon()).toHaveCount(0);
});
