import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Some tests start programs, and the machine may be busy.
    testTimeout: 30_000,
    // The long ones wait for those programs.
    maxWorkers: 4,
  },
})
