import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { createServer } from 'vite'
import { appsFolder, newCacheDirIn } from './paths.mjs'
