import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The server that `npm run dev` passes signalling on to: omniverto's plain address on this machine.
const server = 'http://127.0.0.1:8081';

export default defineConfig({
  plugins: [svelte()],
  build: {
    // Beside the placeholder page in dist, which stays as it is.
    outDir: 'dist/app',
    emptyOutDir: true,
    target: ['chrome105', 'firefox115', 'safari15.4'],
    // The page's policy allows no scripts or styles in the page itself.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/verto': { target: server, ws: true },
      '/api': server,
      '/config.json': server,
    },
  },
  test: {
    include: ['verto/**/*.test.ts', 'src/**/*.test.ts'],
  },
});
