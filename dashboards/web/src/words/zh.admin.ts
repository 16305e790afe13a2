// 现场与设置页面用词。
export const zhAdmin = {};
