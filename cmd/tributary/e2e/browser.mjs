// One customer and one agent. The test that starts it kills the server when told "kill" and says "restarted" on standard input
// when it runs again.
import { ok } from 'node:assert';
import { count, enter, expect, id, lines, run, say, shot, visit } from './driver.mjs';

await run(async () => {
  expect(/^(401|50[0-9]) /);
  const agent = await enter('amy');
  await agent.locator(id('status-select')).selectOption('available');

  const customer = await visit('customer', '/demo/');
  await say(customer, 'tw-input', 'Where is my card? Call me on 13800138000');

  await agent.locator(id('offer-card')).waitFor();
  await shot(agent, 'offer');
  await agent.locator(id('offer-accept')).click();
  await agent.locator(id('message')).filter({ hasText: 'Where is my card?' }).waitFor();
  ok((await agent.locator(id('intent')).innerText()).includes('Nothing was read from the first messages'), 'no model, no intent');
  await say(agent, 'composer', 'It is on its way, Wednesday at the latest.');
  await customer.locator(id('tw-message')).filter({ hasText: 'Wednesday' }).waitFor();
  await shot(agent, 'answered');
  await shot(customer, 'customer');

  // Written while nobody listens: the pages keep it and send it when the server is back.
  console.log('kill');
  await lines.next();
  await say(customer, 'tw-input', 'Are you still there?');
  await agent.locator(id('message')).filter({ hasText: 'still there' }).waitFor();
  await say(agent, 'composer', 'Yes, I never left.');
  await customer.locator(id('tw-message')).filter({ hasText: 'never left' }).waitFor();
  await customer.reload();
  await customer.locator(id('tw-message')).filter({ hasText: 'never left' }).waitFor({ timeout: 20_000 }).catch(async () => {
    await customer.locator(id('tw-open')).click();
    await customer.locator(id('tw-message')).filter({ hasText: 'never left' }).waitFor();
  });
  await shot(customer, 'customer-after');
  await shot(agent, 'agent-after');

  await agent.locator(id('end-contact')).click();
  const sure = agent.locator(id('end-contact-yes'));
  if (await sure.count()) await sure.click();
  await agent.locator(id('wrap-up-code')).selectOption({ index: 1 });
  await shot(agent, 'wrap-up');
  await agent.locator(id('wrap-up-done')).click();
  await customer.locator(id('tw-state')).filter({ hasText: /ended|over/i }).waitFor();

  return {
    customer: {
      card: await count(customer, 'tw-message', 'Where is my card?'),
      wednesday: await count(customer, 'tw-message', 'Wednesday'),
      still: await count(customer, 'tw-message', 'still there'),
      never: await count(customer, 'tw-message', 'never left'),
    },
  };
});
