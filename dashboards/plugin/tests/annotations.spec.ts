import { DATASOURCE_NAME, expect, test } from './fixtures';

test('annotations mark versions in force', async ({ annotationEditPage }) => {
  await annotationEditPage.datasource.set(DATASOURCE_NAME);
  await expect(annotationEditPage.ctx.page.getByText('Policies and configurations in force')).toBeVisible();
  await expect(annotationEditPage.runQuery()).toBeOK();
  await expect(annotationEditPage).toHaveAlert('success');
});
