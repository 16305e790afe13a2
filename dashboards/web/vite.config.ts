import { defineConfig } from 'vite';

// The workspace: one page, hashed assets, nothing inline, so that a strict content security policy holds.
export default defineConfig({
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: 'index.html' },
  },
  server: {
    proxy: { '/api': { target: 'http://127.0.0.1:8099', ws: true }, '/webchat': { target: 'http://127.0.0.1:8099', ws: true } },
  },
});
