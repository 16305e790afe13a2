import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { en } from '../src/words/en';
import { chinese, chineseRefusals, faultIn } from '../src/words/faults';

const source = (file: string) => readFileSync(`../../cmd/tributary/${file}`, 'utf8');

/** The sentences of the server's check, by the calls that tell them. */
function sentences(file: string): string[] {
  const text = source(file).replace(/,\n\s+/g, ', '); // a call may go on in the next line
  const calls = text
    .split('\n')
    .filter((line) => /\b(Wrong|WrongIn|wrong|fail|breaks)\(|Errorf\(|want = /.test(line) && !/func \(|:= func/.test(line));
  const literals = calls.flatMap((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1] ?? ''));
  return literals.filter((one) => /[a-z]{2,} [a-z]{2,}/.test(one));
}

test('every sentence of the check of a configuration is known in Chinese', () => {
  const all = ['setup/check.go', 'setup/hours.go', 'yamlfile/yamlfile.go'].flatMap(sentences);
  expect(all.length).toBeGreaterThan(30);
  const forms = Object.keys(chinese);
  const known = (one: string) => forms.some((form) => form === one || form.endsWith(` ${one}`) || form.includes(one.trim()));
  // What wraps another sentence is that sentence's; those of the policy in a file of its own are the operator's, who reads the command line.
  const operators = /policy|: %v$/;
  expect(all.filter((one) => !known(one) && !operators.test(one))).toEqual([]);
});

const api = (file: string) => readFileSync(`../api/${file}.go`, 'utf8');

test('every code of a refusal has words, and every sentence of a conflict is known in Chinese', () => {
  const codes = ['errors', 'accounts', 'files', 'history', 'http', 'setup'].flatMap((file) =>
    [...api(file).matchAll(/&fault\{kind\w+, "(\w+)"/g)].map((m) => m[1] ?? ''),
  );
  expect(new Set(codes).size).toBeGreaterThan(10);
  expect(codes.filter((code) => !Object.hasOwn(en, `fault.${code}`))).toEqual([]);
  const conflicts = ['accounts_http', 'commands', 'commands_contact', 'commands_floor', 'commands_profile', 'files'].flatMap(
    (file) => [...api(file).matchAll(/conflict\("([^"]+)"/g)].map((m) => m[1] ?? ''),
  );
  expect(conflicts.length).toBeGreaterThan(4);
  expect(conflicts.filter((one) => faultIn('zh', one) === one)).toEqual([]);
});

test('every place is filled once', () => {
  for (const [form, text] of Object.entries({ ...chinese, ...chineseRefusals })) {
    const places = [...form.matchAll(/%[qds]/g)].map((_, i) => `{${i + 1}}`);
    expect([...text.matchAll(/\{\d\}/g)].map(String).sort(), form).toEqual(places);
  }
});

test('faults are told in the language of the page', () => {
  const zh = (text: string) => faultIn('zh', text);
  expect(zh('queue a: there is no queue "nowhere" in this file')).toBe('队列 a：此文件中没有队列 "nowhere"');
  expect(zh('hours h: there is no zone "Asia/Atlantis"; a zone is written Asia/Shanghai')).toBe(
    '营业时间 h：没有时区 "Asia/Atlantis"；应写作 Asia/Shanghai',
  );
  expect(zh('nothing is called "colour" here; there are id, name')).toBe('此处没有 "colour"；可用的有 id, name');
  expect(zh('agent ann: level 9 of skill cards; levels are 1 to 5')).toBe('坐席 ann：技能 cards 的等级为 9，应为 1 到 5');
  expect(zh('quick reply r: there is no {a.b}; there are {agent.name}, {customer.name}')).toBe(
    '快捷回复 r：没有变量 {a.b}；可用的有 {agent.name}, {customer.name}',
  );
  expect(zh('policy.rules[0]: something new')).toBe('policy.rules[0]: something new');
  expect(faultIn('en', 'queue a flows over into itself')).toBe('queue a flows over into itself');
});
