import { expect, test } from './fixtures';

for (const language of ['', '-zh']) {
  for (const board of ['wallboard', 'queues', 'contacts']) {
    test(`the board ${board}${language} shows every panel without an error`, async ({ gotoDashboardPage, page }) => {
      const dashboard = await gotoDashboardPage({
        uid: `tributary-${board}${language}`,
        timeRange: { from: 'now-6h', to: 'now' },
      });
      await dashboard.waitForPanelsQueriesToComplete({ scrollAll: true });
      await expect(page.getByTestId(/Panel status error/)).toHaveCount(0);
      await expect(page.getByText('No data', { exact: true })).toHaveCount(0);
    });
  }
}

test('a number of the board of queues leads to the contacts behind it', async ({ gotoDashboardPage, page }) => {
  const dashboard = await gotoDashboardPage({ uid: 'tributary-queues', timeRange: { from: 'now-6h', to: 'now' } });
  await dashboard.waitForPanelsQueriesToComplete();
  const link = page.locator('a[href*="/d/tributary-contacts"]').first();
  await expect(link).toHaveAttribute('href', /var-queue=/);
  await link.click();
  await expect(page).toHaveURL(/\/d\/tributary-contacts/);
  await expect(page.locator('a[href*="/conversations/"]').first()).toBeVisible();
});
