import { expect, test } from './fixtures';

test('the start page links the boards and says that Tributary answers', async ({ gotoPage, page }) => {
  await gotoPage('/');
  await expect(page.getByRole('link', { name: 'Wallboard', exact: true })).toHaveAttribute(
    'href',
    /\/d\/tributary-wallboard/
  );
  await expect(page.getByText(/You are .+ there and see \d+ queues\./)).toBeVisible();
});

test('the configuration page leads to the data source', async ({ appConfigPage, page }) => {
  await expect(appConfigPage.ctx.page).toHaveURL(/\/plugins\/tributarycc-tributary-app/);
  await expect(page.getByRole('link', { name: 'Add the data source' })).toBeVisible();
});
