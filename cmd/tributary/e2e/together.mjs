// A bank's customer and a traveller, two agents, a supervisor and an administrator, each before a screen of their own.
import { deepStrictEqual as same, ok } from 'node:assert';
import { count, enter, faults, id, looks, run, say, seen, visit } from './driver.mjs';
import { readConversation } from './told.mjs';

const zh = { locale: 'zh-CN' };

/** A picture of three colours. */
async function picture(page) {
  const data = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [320, 200];
    const pen = canvas.getContext('2d');
    pen.fillStyle = '#dfe8e4';
    pen.fillRect(0, 0, 320, 200);
    pen.fillStyle = '#2c5d63';
    pen.fillRect(40, 40, 240, 120);
    pen.fillStyle = '#d9a441';
    pen.fillRect(60, 70, 44, 32);
    return canvas.toDataURL('image/png').split(',')[1];
  });
  return { name: 'card.png', mimeType: 'image/png', buffer: Buffer.from(data, 'base64') };
}

const text = (page, testid) => page.locator(id(testid)).first().innerText();
const contactOf = (page) => page.locator(id('conversation')).getAttribute('data-contact');

async function accept(agent) {
  await agent.locator(id('offer-card')).waitFor();
  await looks(agent, `offer-${agent.name}`);
  await agent.locator(id('offer-accept')).click();
}

/** The bank's customer writes with a picture, and Amy learns what it is about and why it is hers. */
async function lostCard(amy, customer) {
  await customer.locator(id('tw-picker')).setInputFiles(await picture(customer));
  await customer.locator(`${id('tw-chip')}[data-state=done]`).waitFor();
  await say(customer, 'tw-input', 'I have lost my card, please block it. Call me on 13800138000');
  await customer.locator(`${id('tw-picture')}[data-state=there]`).waitFor();
  await accept(amy);
  const message = seen(amy, 'message', 'lost my card');
  await message.waitFor();
  ok(!(await message.innerText()).includes('13800138000'), 'a telephone number is masked');
  const shown = amy.locator(`${id('picture')} img`).first();
  await shown.waitFor();
  await amy.waitForFunction((img) => img.naturalWidth === 320, await shown.elementHandle());
  ok(/lost or stolen card/i.test(await text(amy, 'intent')) && /\d+%/.test(await text(amy, 'intent')), 'the intent and how sure it is');
  ok((await text(amy, 'why-story')).includes('Cards that are lost or used by others go first'), 'the rule that brought it here');
  await message.locator(id('show-masked')).click();
  await seen(amy, 'message', '13800138000').waitFor();
}

/** A quick reply goes to the customer, a note does not. */
async function answer(amy, customer) {
  const box = amy.locator(id('composer'));
  await box.pressSequentially('/block');
  await seen(amy, 'reply', 'Card blocked').waitFor();
  await looks(amy, 'replies-en');
  await box.press('Enter');
  await amy.waitForFunction((node) => node.value.startsWith('I have blocked the card'), await box.elementHandle());
  await box.press('Enter');
  await seen(customer, 'tw-message', 'I have blocked the card').waitFor();
  await amy.locator(id('note-switch')).click();
  await say(amy, 'composer', 'Caller knows the last four digits.');
  await amy.locator(`${id('message')}[data-internal]`).filter({ hasText: 'last four digits' }).waitFor();
  await looks(amy, 'desk-en');
}

/** Nobody serves the traveller yet: the supervisor raises the priority and moves the contact to another queue. */
async function hotel(sam, traveller) {
  await looks(traveller, 'form-zh');
  await traveller.locator('[name=name]').fill('林安');
  await traveller.locator(id('tw-form-message')).fill('你好，帮我推荐一家便宜的酒店，评分4分以上');
  await traveller.locator(id('tw-form-go')).click();
  // A contact that is moved goes on as another one: its row is found by what the traveller wants.
  const row = seen(sam, 'floor-contact', 'hotel');
  await row.locator('td').first().filter({ hasText: '酒店' }).waitFor();
  const act = async (...steps) => {
    await row.locator(id('contact-act')).click();
    for (const step of steps) await step();
    await sam.locator(id('confirm-yes')).click();
    await sam.locator(id('contact-sheet')).waitFor({ state: 'detached' });
  };
  await act(
    () => sam.locator(id('priority')).fill('7'),
    () => sam.locator(id('priority-go')).click(),
  );
  await row.locator('td').last().filter({ hasText: /^7$/ }).waitFor();
  await act(
    () => sam.locator(id('move-queue')).selectOption('travel'),
    () => looks(sam, 'floor-contact-en'),
    () => sam.locator(id('move-go')).click(),
  );
  await row.filter({ hasText: '旅行服务台' }).locator('td').last().filter({ hasText: /^7$/ }).waitFor();
}

/** What Bo sees of the traveller, in Chinese. */
async function travelDesk(bo, traveller) {
  await bo.locator(id('status-select')).selectOption('available');
  await accept(bo);
  await seen(bo, 'message', '便宜的酒店').waitFor();
  ok((await text(bo, 'intent')).includes('酒店'), 'the intent, in the language of the page');
  // The name in the form is shown as the customer's own word.
  await bo.locator(id('profile-said')).waitFor();
  ok((await text(bo, 'profile')).includes('林安'), 'the name in the form');
  same(await count(bo, 'message', '便宜的酒店'), 1, 'what was said before the move stands once');
  await say(bo, 'composer', '好的，请问您的预算是多少？');
  await seen(traveller, 'tw-message', '预算').waitFor();
  await looks(bo, 'desk-zh');
  await looks(traveller, 'chat-zh');
}

/** Amy hands the bank's customer to Bo, who reads why; the customer never does. */
async function transfer(amy, bo, sam, customer) {
  const contact = await contactOf(amy);
  await sam.locator(`${id('floor-contact')}[data-contact="${contact}"]`).filter({ hasText: 'Amy Chen' }).waitFor();
  await seen(sam, 'floor-agent', 'Amy Chen').filter({ hasText: '1/3' }).waitFor();
  await looks(sam, 'floor-en');
  await amy.locator(id('transfer')).click();
  await amy.locator(`${id('transfer-agent')}[value=bo]:enabled`).check();
  await amy.locator(id('transfer-note')).fill('Card is blocked; she wants the new one sent to Kunming.');
  await looks(amy, 'transfer-en');
  await amy.locator(id('transfer-go')).click();
  await bo.locator(id('offer-card')).waitFor();
  await bo.locator(id('offer-accept')).click();
  await seen(bo, 'chat-item', 'Kunming').or(seen(bo, 'message', 'Kunming')).first().waitFor();
  await seen(amy, 'chat-item').waitFor({ state: 'detached' });
  const item = bo.locator(id('chat-item')).nth(1);
  await item.click();
  await bo.locator(`${id('message')}[data-internal]`).filter({ hasText: /转接备注[^]*Kunming/ }).waitFor();
  await seen(bo, 'message', 'lost my card').waitFor();
  await say(bo, 'composer', 'This is Bo, I am sending the new card today.');
  await seen(customer, 'tw-message', 'This is Bo').waitFor();
  same([await count(customer, 'tw-message', 'Kunming'), await count(customer, 'tw-message', 'four digits')], [0, 0], 'notes stay inside');
}

/** A queue gets another name by form and is called so on the desk; a file's faults are told all at once, and a good one is applied. */
async function setup(ada, amy) {
  await ada.goto(`${ada.url().split('#')[0]}#/admin/queues`);
  await ada.locator('[data-id=cards] button').click();
  await ada.locator('[name=name]').fill('Cards and wallets');
  await looks(ada, 'queue-zh');
  await ada.locator(id('set-keep')).click();
  const apply = async (name) => {
    await ada.locator(id('diff')).waitFor();
    await looks(ada, name);
    await ada.locator(id('apply')).click();
    await ada.locator(id('applied')).waitFor();
  };
  await ada.locator(id('review')).click();
  await apply('review-zh');
  await seen(amy, 'queue-item', 'Cards and wallets').waitFor();

  await ada.locator(id('set-yaml')).click();
  const box = ada.locator(id('yaml'));
  const good = await box.inputValue();
  // Typed in one go: the browser needs ten seconds to insert a thousand lines as keys would.
  const write = (whole) =>
    box.evaluate((node, value) => {
      node.value = value;
      node.dispatchEvent(new Event('input', { bubbles: true }));
    }, whole);
  await write(good.replace('zone: Asia/Shanghai', 'zone: Asia/Atlantis').replace('overflow: general', 'overflow: nowhere').replace(/^( *)name: Experts$/m, '$1name: Experts\n$1colour: green'));
  await ada.locator(id('yaml-check')).click();
  await ada.locator(id('faults')).waitFor();
  const told = await text(ada, 'faults');
  for (const word of ['Atlantis', 'nowhere', 'colour']) ok(told.includes(word), `${word} is among the faults: ${told}`);
  await looks(ada, 'faults-zh');
  await write(good.replace('name: Experts', 'name: Experts for gold'));
  await ada.locator(id('yaml-review')).click();
  await apply('yaml-review-zh');
  await seen(amy, 'queue-item', 'Experts for gold').waitFor();
}

/** The end: the customer rates, the agent reads it and wraps up with a code and a note. */
async function finish(agent, customer, score, words) {
  await agent.locator(id('end-contact')).click();
  await customer.locator(id('tw-survey')).waitFor();
  await customer.locator(id('tw-score')).nth(score - 1).check({ force: true });
  await customer.locator(id('tw-comment')).fill(words);
  await looks(customer, `survey-${score}`);
  await customer.locator(id('tw-survey-go')).click();
  await customer.locator(id('tw-thanks')).waitFor();
  await seen(agent, 'details', `${score}`).waitFor();
  await agent.locator(id('wrap-up-code')).selectOption('solved');
  await agent.locator(id('wrap-up-note')).fill('New card by courier.');
  await looks(agent, `wrap-up-${score}`);
  const gone = await contactOf(agent);
  await agent.locator(id('wrap-up-done')).click();
  await agent.locator(`${id('chat-item')}[data-contact="${gone}"]`).waitFor({ state: 'detached' });
}

/** The supervisor logs Bo out and gives the traveller, whom Bo still held, to Amy. */
async function logOut(sam, bo, amy, traveller) {
  await seen(sam, 'floor-agent', '王博').locator(id('agent-act')).click();
  await sam.locator(id('agent-logout')).click();
  await looks(sam, 'confirm-en');
  await sam.locator(id('confirm-yes')).click();
  await bo.locator(id('logged-out')).filter({ hasText: 'sam' }).waitFor();
  await looks(bo, 'logged-out-zh');
  await sam.locator(`${id('floor-agent')}[data-agent=bo][data-status=offline]`).waitFor();
  await seen(sam, 'floor-contact', '旅行服务台').locator(id('contact-act')).click();
  await sam.locator(id('move-queue')).selectOption('service');
  await sam.locator(id('move-go')).click();
  await sam.locator(id('confirm-yes')).click();
  await accept(amy);
  await seen(amy, 'message', '便宜的酒店').waitFor();
  await seen(amy, 'message', '预算').waitFor();
  await say(amy, 'composer', '我是 Amy，马上为您查询。');
  await seen(traveller, 'tw-message', '我是 Amy').waitFor();
}

await run(async () => {
  const [amy, bo, sam, ada, customer, traveller] = await Promise.all([
    enter('amy'),
    enter('bo', zh),
    enter('sam'),
    enter('ada', zh),
    visit('customer', '/demo/bank.html'),
    visit('traveller', '/demo/travel.html', zh),
  ]);
  [amy.name, bo.name] = ['en', 'zh'];
  const called = await Promise.all([amy, bo, sam, ada].map((page) => page.locator('.who').innerText()));
  same(called, ['Amy Chen', '王博', 'sam', 'ada']);
  await amy.locator(id('status-select')).selectOption('available');
  await sam.locator(`${id('floor')}[data-ready=true]`).waitFor();
  await Promise.all([lostCard(amy, customer).then(() => answer(amy, customer)), hotel(sam, traveller)]);
  await travelDesk(bo, traveller);
  await transfer(amy, bo, sam, customer);
  await Promise.all([finish(bo, customer, 5, 'Quick and kind'), setup(ada, amy)]);
  await logOut(sam, bo, amy, traveller);
  await finish(amy, traveller, 4, '很快');
  await readConversation(sam);
  return { faults };
});
