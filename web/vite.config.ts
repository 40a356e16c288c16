import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Where `npx vite web` sends what is not the dashboard's own: a gateway that was started beside it. */
const gateway = process.env['POLICYLAYER_URL'] ?? 'http://127.0.0.1:4600';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  clearScreen: false,
  logLevel: 'warn',
  server: { host: '127.0.0.1', port: 4601, proxy: { '/api': { target: gateway, changeOrigin: true }, '/catalogue': gateway, '/approvals': gateway } },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // A data: address would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
});
