// The demo shop in Chinese for Chinese browsers, or as the address asks (?lang=zh).
const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
if (/^zh/i.test(asked)) {
  document.documentElement.lang = 'zh-CN';
  for (const node of document.querySelectorAll('[data-zh]')) node.textContent = node.getAttribute('data-zh');
}
