import { fileURLToPath } from 'node:url'

const bin = (file) => fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url))
const vite = [bin('vite/bin/vite.js'), '--host', '127.0.0.1', '--strictPort']

/**
 * What differs between the hosts: how they are started, which file is saved and which page shows it.
 * `loads`: as on which machines it is measured, if not on an idle one alone.
 */
export const hosts = {
  'react-router': { command: ['--conditions=development', ...vite], file: 'app/routes/draft.tsx' },
  astro: { command: [bin('astro/bin/astro.mjs'), 'dev', '--host', '127.0.0.1'], file: 'src/components/draft.tsx' },
  tanstack: { command: vite, file: 'src/draft.tsx', loads: ['idle', 'slow transforms'] },
  express: { command: ['server.mjs'], file: 'src/pages/draft.tsx', loads: ['idle', 'busy processors'] },
  workers: { command: vite, file: 'src/draft.tsx' },
}
