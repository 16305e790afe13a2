// The demo shop in Chinese for Chinese browsers, or as the address asks (?lang=zh).
const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
if (/^zh/i.test(asked) && document.querySelector('[data-zh]')) {
  document.documentElement.lang = 'zh-CN';
  for (const node of document.querySelectorAll('[data-zh]')) node.textContent = node.getAttribute('data-zh');
}
// What a shop tells the agents of its customers: calls made before the widget is there wait for it.
window.tributary ??= Object.assign((...args) => window.tributary.q.push(args), { q: [] });
for (const button of document.querySelectorAll('[data-item]')) {
  button.addEventListener('click', () => window.tributary('event', 'basket', { item: button.dataset.item }));
}
