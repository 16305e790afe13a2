import { defineConfig } from 'vite';

// The widget: one self-contained classic script that a shop's page can load with a plain script tag.
export default defineConfig({
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: false,
    lib: { entry: 'src/widget/main.tsx', formats: ['iife'], name: 'TributaryWidget', fileName: () => 'widget.js' },
  },
});
