import { DATASOURCE_NAME, expect, test } from './fixtures';

test('a variable lists the queues by their names', async ({ variableEditPage, request }) => {
  const me = await (await request.get('/api/datasources/uid/tributary/resources/me')).json();
  await variableEditPage.setVariableType('Query');
  await variableEditPage.datasource.set(DATASOURCE_NAME);
  await variableEditPage.runQuery();
  await expect(variableEditPage).toDisplayPreviews(me.queues.map(({ name }: { name: string }) => name));
});

test('the agents of a team', async ({ variableEditPage, page, request }) => {
  const me = await (await request.get('/api/datasources/uid/tributary/resources/me')).json();
  const [team] = me.teams;
  test.skip(!team, 'this Tributary has no teams');
  await variableEditPage.setVariableType('Query');
  await variableEditPage.datasource.set(DATASOURCE_NAME);
  await page.locator('#tributary-variable-kind').click();
  await page.getByRole('option', { name: 'Agents' }).click();
  await page.locator('#tributary-variable-team').fill(team.id);
  await page.locator('#tributary-variable-team').blur();
  await variableEditPage.runQuery();
  const agents = me.agents.filter((agent: { team: string }) => agent.team === team.id);
  await expect(variableEditPage).toDisplayPreviews(agents.map(({ name }: { name: string }) => name));
});
