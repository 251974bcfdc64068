// The Vite that packages are met on: the checkout's, or that of a stack of tests/versions.
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const stack = process.env.LATE_STACK
const installed = stack ? fileURLToPath(new URL(`../../versions/stacks/${stack}/node_modules`, import.meta.url)) : undefined
const load = (file) => import(pathToFileURL(path.join(installed, file)))

export const { createLogger, createServer } = installed ? await load('vite/dist/node/index.js') : await import('vite')
export const { cloudflare } = installed ? await load('@cloudflare/vite-plugin/dist/index.mjs') : await import('@cloudflare/vite-plugin')
export const { evenkeel } = installed ? await load('evenkeel/dist/index.js') : await import('../../../clients/vite/dist/index.js')
