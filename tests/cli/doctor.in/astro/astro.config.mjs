import { defineConfig } from 'astro/config'
import { evenkeel } from 'evenkeel'

export default defineConfig({ vite: { plugins: [evenkeel()] } })
