import react from '@vitejs/plugin-react'
import { evenkeel } from 'evenkeel'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react(), evenkeel()],
})
