// What is wrong in a configuration, in Chinese: the server tells it in English, in sentences that are known here by their form. A
// sentence that is not known stays as it is.

/** Chinese by the server's own form of the sentence; {1}, {2} … are what stands in its places, in its order. */
export const chinese: Readonly<Record<string, string>> = {
  'not YAML: %s': '不是有效的 YAML：{1}',
  'not YAML that is read here: a tag, as !name, or something else that no file needs; leave it out':
    '无法读取此 YAML：含有标签（如 !name）或文件不需要的内容；请删除',
  'not YAML that is read here: lists and groups nest deeper than %d': '无法读取此 YAML：嵌套超过 {1} 层',
  '%d bytes are more than %d': '{1} 字节，超过上限 {2}',
  '%s is a length of time such as 30s or 2m, not %s': '{1} 应为时长，例如 30s 或 2m，而不是 {2}',
  '%s is a list': '{1} 应为列表',
  '%s is a group of key: value': '{1} 应为一组 key: value',
  'nothing is called %q here; there are %s': '此处没有 {1}；可用的有 {2}',
  '%s is true or false, not %s': '{1} 应为 true 或 false，而不是 {2}',
  '%s is a whole number, not %s': '{1} 应为整数，而不是 {2}',
  '%s is a text, not %s': '{1} 应为文本，而不是 {2}',
  'tenant is %q; an id has 1 to 64 of a–z, 0–9, - and _': '租户为 {1}；编号由 1 到 64 个 a–z、0–9、- 和 _ 组成',
  'this is the setup of tenant %s, not of %s': '这是租户 {1} 的设置，而不是 {2} 的',
  'silence and reopen are not negative': 'silence 和 reopen 不能为负',
  '%s: there is no %s %q in this file': '{1}：此文件中没有{2} {3}',
  '%s: %q is no id; an id has 1 to 64 of a–z, 0–9, - and _': '{1}：{2} 不是有效编号；编号由 1 到 64 个 a–z、0–9、- 和 _ 组成',
  '%s: %q is there twice': '{1}：{2} 重复',
  'queue %s: target_percent is %d; it is 0 to 100': '队列 {1}：target_percent 为 {2}，应为 0 到 100',
  'queue %s: %s is %s; it is 0 to %s': '队列 {1}：{2} 为 {3}，应为 0 到 {4}',
  'queue %s flows over into itself': '队列 {1} 溢出到自身',
  'queue %s: %s is of another routing domain, whose agents it cannot reach': '队列 {1}：{2} 属于另一个分配域，无法到达其坐席',
  'overflow goes round: %s': '溢出成环：{1}',
  'queue %s: of it and %s one is to practise in, which no number counts, and the other is not':
    '队列 {1}：它与 {2} 中一个是练习用队列（不计入统计），另一个不是',
  'agent %s: there is no skill %q in this file': '坐席 {1}：此文件中没有技能 {2}',
  'agent %s: level %d of skill %s; levels are 1 to 5': '坐席 {1}：技能 {3} 的等级为 {2}，应为 1 到 5',
  'agent %s: chat_capacity is %d; it is 0 to %d': '坐席 {1}：chat_capacity 为 {2}，应为 0 到 {3}',
  'agent %s: channel %q; there are %s': '坐席 {1}：没有渠道 {2}；可用的有 {3}',
  'agent %s: %d contacts of %s; it is 0 to %d': '坐席 {1}：{3} 的联络数为 {2}，应为 0 到 {4}',
  'entry point %s: channel %q; there are %s': '入口 {1}：没有渠道 {2}；可用的有 {3}',
  'entry point %s: origin %q; an origin is https://host, without a path':
    '入口 {1}：来源 {2} 无效；应写作 https://host，不带路径',
  'entry point %s: there is no intent model %q; there are %s': '入口 {1}：没有意图模型 {2}；可用的有 {3}',
  'entry point %s: intent_deadline is %s; it is 0 to 1m': '入口 {1}：intent_deadline 为 {2}，应为 0 到 1m',
  'entry point %s: a secret has %d to %d bytes; %s and %s keep the one in force':
    '入口 {1}：密钥应为 {2} 到 {3} 字节；{4} 和 {5} 表示保留现有密钥',
  'entry point %s: %d questions are more than %d': '入口 {1}：问题有 {2} 个，超过上限 {3}',
  'entry point %s: %q is no name of a question; it has 1 to 64 of a–z, 0–9, - and _':
    '入口 {1}：{2} 不是有效的问题名；由 1 到 64 个 a–z、0–9、- 和 _ 组成',
  'entry point %s: question %s is there twice': '入口 {1}：问题 {2} 重复',
  'entry point %s: question %s is of kind %q; there are %s': '入口 {1}：问题 {2} 的类型 {3} 无效；可用的有 {4}',
  'entry point %s: question %s has nothing to choose from': '入口 {1}：问题 {2} 没有选项',
  'entry point %s: question %s is of kind %s, which has no choices': '入口 {1}：问题 {2} 的类型为 {3}，不能有选项',
  'entry point %s: question %s has %d choices, more than %d': '入口 {1}：问题 {2} 有 {3} 个选项，超过上限 {4}',
  'quick reply %s: a text has 1 to %d letters': '快捷回复 {1}：内容应为 1 到 {2} 个字',
  'quick reply %s: there is no {%s}; there are {%s}': '快捷回复 {1}：没有变量 {{2}}；可用的有 {{3}}',
  'quick reply %s: a title has at most %d letters': '快捷回复 {1}：标题最多 {2} 个字',
  'quick reply %s: %q is no language; a language is written zh or en': '快捷回复 {1}：{2} 不是语言；应写作 zh 或 en',
  'hours %s: zone is %q; a zone is written Asia/Shanghai': '营业时间 {1}：时区为 {2}；应写作 Asia/Shanghai',
  'hours %s: there is no zone %q; a zone is written Asia/Shanghai': '营业时间 {1}：没有时区 {2}；应写作 Asia/Shanghai',
  'hours %s: at most %d openings and %d holidays': '营业时间 {1}：最多 {2} 个时段和 {3} 个节假日',
  'hours %s: no days; 1 is Monday, 7 is Sunday': '营业时间 {1}：未填写星期；1 为星期一，7 为星期日',
  'hours %s: day %d; 1 is Monday, 7 is Sunday': '营业时间 {1}：星期 {2} 无效；1 为星期一，7 为星期日',
  'hours %s: day %d from %s to %s is open already': '营业时间 {1}：星期 {2} 的 {3} 至 {4} 与其他时段重叠',
  'hours %s: %q is no day; a day is written 2026-12-25': '营业时间 {1}：{2} 不是日期；应写作 2026-12-25',
  'hours %s: from %s to %s: it ends before it begins; what goes over midnight is written as two, the first to 24:00':
    '营业时间 {1}：{2} 至 {3} 的结束早于开始；跨午夜请写成两段，前一段到 24:00',
  'hours %s: %q is no time of the day; one is written 09:30': '营业时间 {1}：{2} 不是时间；应写作 09:30',
};

/** The same of refusals whose code alone says too little. */
export const chineseRefusals: Readonly<Record<string, string>> = {
  "nobody changes the own account's rights; ask another administrator": '不能更改自己账号的权限，请联系其他管理员',
  'the login is taken': '该登录名已被使用',
  'the offer is no longer open': '该联络已被收回',
  'the contact has ended': '该联络已结束',
  'agent: the contact is with this agent': '该联络已由这位坐席处理',
  'the contact does not wait any more': '该联络已不在排队',
  'the customer has a profile by now: look at it, and name its version as base_version': '该客户已有资料，请先查看',
  'text: 1 to 8000 characters, or an attachment': '内容应为 1 到 8000 个字，或带有附件',
  'note: at most 2000 characters': '备注最多 2000 个字',
  'attachments: at most 10': '附件最多 10 个',
  'tier and language: at most 40 letters and digits': '等级和语言最多 40 个字母或数字',
  'tags: at most 20, each of at most 40 letters and digits': '标签最多 20 个，每个最多 40 个字母或数字',
  'name: at most 200 characters; fields: at most 50': '姓名最多 200 个字，其他信息最多 50 项',
  'fields: a name has 1 to 64 characters, a value at most 1000': '其他信息的名称应为 1 到 64 个字，内容最多 1000 个字',
  'login: a login has 1 to %d bytes that can be printed': '登录名应为 1 到 {1} 个可显示的字符',
  'roles: an account needs a role': '账号至少需要一个角色',
};

/** The words that stand in places of sentences. */
const nouns: Readonly<Record<string, string>> = {
  queue: '队列',
  agent: '坐席',
  team: '班组',
  skill: '技能',
  hours: '营业时间',
  'entry point': '入口',
  'quick reply': '快捷回复',
  'wrap-up code': '小结代码',
};

const places: Readonly<Record<string, string>> = { '%q': '("(?:[^"\\\\]|\\\\.)*")', '%d': '(-?\\d+)', '%s': '(.*?)' };

const known = Object.entries({ ...chinese, ...chineseRefusals }).map(([form, text]) => {
  const pattern = form
    .split(/(%[qds])/)
    .map((part) => places[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('');
  return { pattern: new RegExp(`^${pattern}$`, 's'), text };
});

function noun(text: string): string {
  if (nouns[text]) return nouns[text];
  const kind = Object.keys(nouns).find((k) => text.startsWith(`${k} `));
  return kind ? `${nouns[kind]} ${text.slice(kind.length + 1)}` : text;
}

/** A fault in the language of the page, where the sentence is known. */
export function faultIn(language: 'en' | 'zh', text: string): string {
  if (language !== 'zh') return text;
  for (const one of known) {
    const found = one.pattern.exec(text);
    if (found) return one.text.replace(/\{(\d)\}/g, (_, n: string) => noun(found[Number(n)] ?? ''));
  }
  return text;
}
