import { evenkeel } from 'evenkeel'
import { defineConfig } from 'vitest/config'

export default defineConfig({ plugins: [evenkeel({ additive: false, hold: false })] })
