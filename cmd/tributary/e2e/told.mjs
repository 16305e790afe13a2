// Who reviews is led to one conversation by its address: logs in, lands there, and reads what was said and why it went so.
import { deepStrictEqual as same, ok } from 'node:assert';
import { count, expect, id, looks, open, seen } from './driver.mjs';

const { URL: url, PASSWORDS } = process.env;

/** The conversation of the newest contact that was transferred and is wrapped up, as boards link to it. */
async function transferred(sam) {
  const found = await sam.waitForFunction(async () => {
    const { csrf } = await (await fetch('/api/me')).json();
    const range = { from_ms: Date.now() - 3_600_000, to_ms: Date.now() + 60_000, skip: 0, count: 10 };
    const params = { ...range, queue: '', agent: 'bo', state: 'ended', initiation: 'transfer', end_reason: 'agent', code: '' };
    const answer = await fetch('/api/query', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Tributary-Csrf': csrf },
      body: JSON.stringify({ queries: [{ ref: 'A', name: 'handled_of', params }] }),
    });
    const [{ columns, rows }] = (await answer.json()).results;
    return rows?.[0]?.[columns.findIndex((c) => c.name === 'conversation')];
  }, null, { polling: 500 });
  return found.jsonValue();
}

async function led(login, address, options) {
  const page = await open(login, options);
  await page.goto(address);
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill(JSON.parse(PASSWORDS)[login]);
  await page.locator(id('login-go')).click();
  return page;
}

export async function readConversation(sam) {
  const address = `${url}/conversations/${await transferred(sam)}?tenant=demo`;
  // A server without a conversation's head says so, and an administrator may not read.
  expect(/^(401 .*\/api\/me|40[34] .*\/api\/conversations\/\w+(\/messages)?)$/);
  const quinn = await led('quinn', address, { locale: 'zh-CN' });
  await quinn.locator(`${id('told')}[data-state=there]`).waitFor();
  same(await count(quinn, 'message', 'lost my card'), 1);
  same(await count(quinn, 'message', '13800138000'), 0, 'numbers stay masked');
  same(await count(quinn, 'show-masked'), 0, 'and nobody but the holder may lift the mask');
  await quinn.locator(`${id('message')}[data-internal]`).filter({ hasText: /转接备注[^]*Kunming/ }).waitFor();
  const contacts = quinn.locator(id('told-contact'));
  same(await contacts.count(), 2);
  const first = await contacts.first().innerText();
  for (const word of ['Amy Chen', '银行卡丢失或被盗', '转接']) ok(first.includes(word), `${word} in ${first}`);
  const last = await contacts.last().innerText();
  for (const word of ['王博', '5/5']) ok(last.includes(word), `${word} in ${last}`);
  await contacts.first().locator('summary').click();
  await seen(quinn, 'told-decision', 'Cards that are lost or used by others go first').waitFor();
  await looks(quinn, 'told-zh');
  await quinn.goto(`${url}/conversations/0000000000`);
  await quinn.locator(`${id('told')}[data-state=none]`).waitFor();
  const ada = await led('ada', address);
  await ada.locator(`${id('told')}[data-state=denied]`).waitFor();
}
