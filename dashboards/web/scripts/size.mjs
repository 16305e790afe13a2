// The widget is loaded by every page of every shop: the build fails when it grows past its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 30 * 1024;
const size = gzipSync(readFileSync('dist/widget.js'), { level: 9 }).length;
if (size > budget) {
  console.error(`widget.js is ${size} bytes compressed, more than the budget of ${budget}: take something out of src/widget.`);
  process.exit(1);
}
console.log(`widget.js: ${size} bytes compressed (budget ${budget})`);
