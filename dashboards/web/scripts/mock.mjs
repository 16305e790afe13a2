// Runs the mock server of the contract by hand: npm run build, npm run mock, then open the address it prints.
import { runnerImport } from 'vite';

const { module } = await runnerImport('./mock/server.ts');
const server = await module.startMock({ port: Number(process.env.PORT ?? 8099), lively: true });
console.log(`mock server of the contract: ${server.url} (any login; shop at ${server.url}/demo/)`);
