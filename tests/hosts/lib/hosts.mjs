import { fileURLToPath } from 'node:url'
import { draft } from '../../e2e/lib/drafts.mjs'
import { spares } from './spares.mjs'
import { svelteDraft, svelteSpares } from './svelte.mjs'
import { vueDraft, vueSpares } from './vue.mjs'

const bin = (file) => fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url))
const vite = [bin('vite/bin/vite.js'), '--host', '127.0.0.1', '--strictPort']

/**
 * What differs between the hosts: how they are started, which file is saved and which page shows it, and which environments
 * Evenkeel guards there. `loads`: as on which machines it is measured, if not on an idle one alone.
 */
export const hosts = {
  'react-router': { command: ['--conditions=development', ...vite], file: 'app/routes/draft.tsx', guarded: ['ssr'] },
  astro: { command: [bin('astro/bin/astro.mjs'), 'dev', '--host', '127.0.0.1'], file: 'src/components/draft.tsx', guarded: ['astro', 'ssr'] },
  tanstack: { command: vite, file: 'src/draft.tsx', guarded: ['ssr'], loads: ['idle', 'slow transforms'] },
  express: { command: ['server.mjs'], file: 'src/pages/draft.tsx', guarded: ['evenkeel_host_express'], loads: ['idle', 'busy processors'] },
  workers: { command: vite, file: 'src/draft.tsx', guarded: ['evenkeel_host_auxiliary', 'evenkeel_host_workers'] },
  'hono-worker': { command: vite, file: 'src/draft.tsx', guarded: ['evenkeel_host_hono_worker'] },
}

const nuxt = {
  folder: 'nuxt',
  command: [bin('nuxt/bin/nuxt.mjs'), 'dev', '--no-fork', '--host', '127.0.0.1'],
  ready: /Nitro server built in/,
  file: 'app/draft.vue',
  draft: vueDraft,
  spares: vueSpares,
}
/** A client component, as all that has state is. */
const clientDraft = (...args) => {
  const { source, expects } = draft(...args)
  return { source: `'use client'\n${source}`, expects }
}
const sveltekit = { command: vite, file: 'src/draft.svelte', draft: svelteDraft, spares: svelteSpares }
const rsc = { folder: 'rsc', command: vite, file: 'src/draft.tsx', draft: clientDraft }
const vike = { command: [bin('vike/bin.js'), 'dev', '--host', '127.0.0.1'], file: 'pages/index/draft.tsx', ready: /Vite v\S+ · ready in/ }
const hono = { folder: 'hono', command: vite, file: 'src/draft.tsx', served: { expects: ['<div id="page"></div>'] } }

/**
 * Their server side runs in Node and takes most packages as they are. What meets late dependencies is the page in the browser.
 * `served`: what the server answers with where it is the browser that renders the draft.
 */
export const pageHosts = {
  nuxt,
  'nuxt, with environments of one server': { ...nuxt, env: { NUXT_ENVIRONMENT_API: 'true' }, variant: true },
  sveltekit,
  rsc,
  'rsc, in workerd': { ...rsc, command: [...vite, '--config', 'vite.worker.config.mjs'] },
  vike,
  hono,
  "hono, with Cloudflare's adapter": { ...hono, env: { HONO_ADAPTER: 'cloudflare' }, variant: true },
}

/** A host with all that it says nothing of. */
export const hostNamed = (name) => ({ folder: name, env: {}, draft, spares, ...(hosts[name] ?? pageHosts[name]) })
