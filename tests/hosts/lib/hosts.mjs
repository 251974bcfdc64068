import { fileURLToPath } from 'node:url'

const bin = (file) => fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url))
const vite = [bin('vite/bin/vite.js'), '--host', '127.0.0.1', '--strictPort']

/**
 * What differs between the hosts: how they are started, which file is saved and which page shows it.
 * `bareFails`: whether the bare stack was always seen to answer wrong after some of the saves.
 */
export const hosts = {
  'react-router': { command: [bin('@react-router/dev/bin.js'), 'dev', '--host', '127.0.0.1', '--strictPort'], file: 'app/routes/draft.tsx' },
  astro: { command: [bin('astro/bin/astro.mjs'), 'dev', '--host', '127.0.0.1'], file: 'src/components/draft.tsx' },
  tanstack: { command: vite, file: 'src/draft.tsx' },
  express: { command: ['server.mjs'], file: 'src/pages/draft.tsx' },
  workers: { command: vite, file: 'src/draft.tsx' },
}
